import { OpenQuote } from './line-scanner.ts'
import { lineError } from './sample.ts'

/** Characters of a sample over several lines. */
const MAX_CHARACTERS = 1024 * 1024

interface JoinedLines {
  readonly take: (line: string, number: number) => void
  /** Call it at the end of the input. */
  readonly end: () => void
}

/**
 * Label values may contain newlines, as in Prometheus: when `read` finds that a line ends within quotes, it is read
 * again together with the following lines, once the quote is closed. Each line is examined only one more time for that,
 * however many there are.
 */
export function joinedLines(read: (text: string, number: number) => void): JoinedLines {
  let held: string[] = []
  let characters = 0
  let first = 0

  const unclosed = (): Error => lineError(first, 'a quote is not closed', held[0] ?? '')
  const hold = (line: string): void => {
    held.push(line)
    characters += line.length + 1
    if (characters > MAX_CHARACTERS) throw unclosed()
  }
  const tryRead = (text: string, number: number, line: string): void => {
    try {
      read(text, number)
    } catch (error) {
      if (!(error instanceof OpenQuote)) throw error
      if (held.length === 0) first = number
      hold(line)
      return
    }
    held = []
    characters = 0
  }
  return {
    take(line, number) {
      if (held.length === 0) tryRead(line, number, line)
      else if (endsWithin(line)) hold(line)
      else {
        hold(line)
        const text = held.join('\n')
        held = []
        characters = 0
        tryRead(text, first, text)
      }
    },
    end() {
      if (held.length > 0) throw unclosed()
    },
  }
}

/** Whether a line that begins within quotes ends within quotes. */
function endsWithin(line: string): boolean {
  let within = true
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at]
    if (character === '"') within = !within
    else if (character === '\\' && within) at += 1
  }
  return within
}
