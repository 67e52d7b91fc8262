import { alertsBoard } from './alerts-board.ts'
import { boardModel } from './board.ts'
import { energyBoard } from './energy-board.ts'
import { factorsBoard } from './factors-board.ts'
import { requestsBoard } from './requests-board.ts'
import { scalingBoard } from './scaling-board.ts'
import { servicesBoard } from './services-board.ts'
import { usageBoard } from './usage-board.ts'

/** Every board that is shipped. */
export const BOARDS = [
  energyBoard,
  usageBoard,
  factorsBoard,
  requestsBoard,
  servicesBoard,
  alertsBoard,
  scalingBoard,
] as const

/** The files in boards/, by name. */
export const boardFiles = (): ReadonlyMap<string, string> =>
  new Map(BOARDS.map(board => [`${board.uid}.json`, `${JSON.stringify(boardModel(board), null, 2)}\n`]))
