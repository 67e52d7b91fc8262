// The command line, with a defect that SIGUSR2 brings about: a promise that fails and that nobody waits for.
process.on('SIGUSR2', () => void Promise.reject(new Error('nobody waits for this')))
await import('../../cli/wattline.ts')
