/**
 * XML documents as trees of elements. Names are without prefix; attributes, comments and processing instructions are left out.
 * Document type declarations are refused, and with them every entity that a document could define.
 */
import { SaxesParser } from 'saxes'
import { FactorProviderError } from '../access/provider-error.ts'

/** An element. Text of an element with children is that between them. */
export interface XmlElement {
  readonly name: string
  readonly children: readonly XmlElement[]
  readonly text: string
}

interface OpenElement {
  readonly name: string
  readonly children: XmlElement[]
  text: string
}

/** Documents of the platform are six deep. */
const DEEPEST = 32
/** A day of quarter hours by twenty fuels has 6,000. */
const MOST_ELEMENTS = 200_000

/** @throws FactorProviderError for what is not well-formed, or declares a document type */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser()
  const root: OpenElement = { name: '', children: [], text: '' }
  const open: OpenElement[] = [root]
  let elements = 0
  const refuse = (what: string): never => {
    throw new FactorProviderError(`the answer is not an XML document of the documented shape: ${what}`)
  }
  parser.on('error', error => refuse(error.message))
  parser.on('doctype', () => refuse('it has a document type declaration'))
  parser.on('opentag', ({ name }) => {
    elements += 1
    if (elements > MOST_ELEMENTS) refuse(`it has more than ${MOST_ELEMENTS} elements`)
    if (open.length > DEEPEST) refuse(`its elements are more than ${DEEPEST} deep`)
    const element: OpenElement = { name: name.slice(name.indexOf(':') + 1), children: [], text: '' }
    open.at(-1)?.children.push(element)
    open.push(element)
  })
  const addText = (some: string): void => {
    const element = open.at(-1)
    if (element !== undefined) element.text += some
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => void open.pop())
  parser.write(text).close()
  const [document] = root.children
  return document ?? refuse('it is empty')
}

/** The children of that name. */
export const childElements = ({ children }: XmlElement, name: string): readonly XmlElement[] =>
  children.filter(child => child.name === name)

/** The element that a path of names leads to, the first of each name; undefined where there is none. */
export function at(element: XmlElement, ...path: readonly string[]): XmlElement | undefined {
  let found: XmlElement | undefined = element
  for (const name of path) found = found?.children.find(child => child.name === name)
  return found
}

/** Its text without the space around it; '' where there is none. */
export const elementText = (element: XmlElement, ...path: readonly string[]): string =>
  at(element, ...path)?.text.trim() ?? ''
