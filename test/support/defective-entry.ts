// The command line, with a defect triggered by SIGUSR2: a promise that fails without a handler.
process.on('SIGUSR2', () => void Promise.reject(new Error('nobody waits for this')))
await import('../../cli/wattline.ts')
