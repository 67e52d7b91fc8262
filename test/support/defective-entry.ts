// The command line, with a defect: a promise that fails and that nobody waits for.
setTimeout(() => void Promise.reject(new Error('nobody waits for this')), 1_500)
await import('../../cli/wattline.ts')
