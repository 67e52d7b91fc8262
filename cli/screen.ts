import { styleText } from 'node:util'

/**
 * Output of a command: a terminal that supports colours and cursor positions, or a file or pipe that must not get them.
 */
interface ScreenOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

type TextStyle = Parameters<typeof styleText>[0]
/** Applies a style to a text, or leaves it plain. */
export type Paint = (look: TextStyle, text: string) => string

/** Leaves text without colours: for files and pipes, and when NO_COLOR is set. */
export const plain: Paint = (_look, text) => text

/** Colours only on a terminal, and not when NO_COLOR is set (https://no-color.org). */
export function paintFor(output: ScreenOutput, environment: NodeJS.ProcessEnv): Paint {
  const wanted = output.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
  return wanted ? (look, text) => styleText(look, text, { validateStream: false }) : plain
}

/** A view that is redrawn in place. */
export interface Screen {
  show(text: string): void
  /** Restores the terminal. */
  close(): void
}

const ESC = '\u001b['

/**
 * On a terminal: uses the alternate screen, without a cursor, and overwrites each line without clearing in between, so
 * that nothing flickers; lines that do not fit are left out. Elsewhere the views follow one another.
 */
export function openScreen(output: ScreenOutput): Screen {
  if (output.isTTY !== true) {
    return { show: text => void output.write(`${text}\n`), close: () => undefined }
  }
  output.write(`${ESC}?1049h${ESC}?25l${ESC}H${ESC}2J`)
  return {
    show: text => {
      const lines = text.trimEnd().split('\n')
      const rows = output.rows ?? 24
      const shown = lines.slice(0, rows).map(line => `${cut(line, output.columns ?? 80)}${ESC}0m${ESC}K`)
      // Terminals that support synchronised output draw all of it at once.
      output.write(`${ESC}?2026h${ESC}H${shown.join('\r\n')}${ESC}J${ESC}?2026l`)
    },
    close: () => void output.write(`${ESC}?25h${ESC}?1049l`),
  }
}

/** The part of a line that fits, not counting its styles. */
export function cut(line: string, columns: number): string {
  let left = columns
  return line
    .split(LOOKS)
    .map((part, index) => {
      if (index % 2 === 1) return part
      const kept = [...part].slice(0, left)
      left -= kept.length
      return kept.join('')
    })
    .join('')
}

/** A capturing group, so that splitting keeps the styles: every second part is a style. */
const LOOKS = new RegExp(`(${ESC.replace('[', '\\[')}[\\d;]*m)`, 'u')
