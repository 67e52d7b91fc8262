import type { Page } from 'playwright-core'

/** Text with too little contrast to its background. */
export interface Faint {
  readonly text: string
  readonly ratio: number
}

/**
 * Texts of the page below WCAG 2 AA: 4.5, or 3 from 24 px (18.66 px bold) up. Colours are read as painted on a canvas,
 * so that every notation is understood; backgrounds are composed from the outermost inward.
 */
export function faintTexts(page: Page): Promise<readonly Faint[]> {
  return page.evaluate(() => {
    const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', {
      willReadFrequently: true,
    })!
    const paint = (colours: readonly string[]): readonly number[] => {
      pen.fillStyle = '#fff'
      pen.fillRect(0, 0, 1, 1)
      for (const colour of colours) {
        pen.fillStyle = colour
        pen.fillRect(0, 0, 1, 1)
      }
      return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3)
    }
    const luminance = (rgb: readonly number[]): number => {
      const [red = 0, green = 0, blue = 0] = rgb.map(part => {
        const value = part / 255
        return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const groundsOf = (element: Element): string[] => {
      const grounds: string[] = []
      for (let at: Element | null = element; at !== null; at = at.parentElement) {
        grounds.unshift(getComputedStyle(at).backgroundColor)
      }
      return grounds
    }
    const faint: { text: string; ratio: number }[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode() !== null) {
      const text = walker.currentNode.textContent?.trim() ?? ''
      const element = walker.currentNode.parentElement!
      if (text === '' || element.closest('noscript, .visually-hidden, .skip') !== null) continue
      if (!element.checkVisibility()) continue
      const style = getComputedStyle(element)
      const grounds = groundsOf(element)
      const back = luminance(paint(grounds))
      const fore = luminance(paint([...grounds, style.color]))
      const ratio = (Math.max(back, fore) + 0.05) / (Math.min(back, fore) + 0.05)
      const size = Number.parseFloat(style.fontSize)
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
      if (ratio < (large ? 3 : 4.5)) faint.push({ text, ratio: Math.round(ratio * 100) / 100 })
    }
    return faint
  })
}
