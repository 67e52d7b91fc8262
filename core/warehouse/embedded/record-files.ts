import { randomUUID } from 'node:crypto'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../../runtime/make-folder.ts'

/**
 * The engine reads binary records only from files. They are written without waiting for the disk: the log still holds
 * the record until the insert has succeeded, and the next start removes a file that a crash leaves behind.
 */
export class RecordFiles {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Creates the folder, empty. */
  static async open(folder: string): Promise<RecordFiles> {
    makeFolder(folder)
    for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true })
    return new RecordFiles(folder)
  }

  /** Runs `job` with the path of a file that holds the record; the file is deleted afterwards. */
  async with<Result>(record: Uint8Array, job: (file: string) => Promise<Result>): Promise<Result> {
    const file = join(this.#folder, `${randomUUID()}.arrow.zst`)
    try {
      await writeFile(file, record)
      return await job(file)
    } finally {
      await rm(file, { force: true })
    }
  }
}
