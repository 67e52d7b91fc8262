// Imports go one way: stages import core, never each other; core/model imports nothing outside itself. See ARCHITECTURE.md.
const stages = ['collector', 'processors', 'query', 'dashboards']
const stageRules = stages.map(stage => ({
  name: `${stage}-meets-others-at-streams`,
  comment: 'Stages meet at streams: no stage imports another.',
  severity: 'error',
  from: { path: `^${stage}/` },
  to: { path: `^(${[...stages.filter(other => other !== stage), 'cli', 'test'].join('|')})/|^main[.]ts$` },
}))

module.exports = {
  forbidden: [
    ...stageRules,
    {
      name: 'model-imports-nothing',
      comment: 'core/model is pure: no I/O, no library, nothing outside itself.',
      severity: 'error',
      from: { path: '^core/model/' },
      to: { pathNot: '^core/model/' },
    },
    {
      name: 'core-knows-no-stage',
      severity: 'error',
      from: { path: '^core/' },
      to: { path: '^(collector|processors|query|dashboards|cli|test)/|^main[.]ts$' },
    },
    {
      name: 'broker-and-warehouse-apart',
      severity: 'error',
      from: { path: '^core/broker/' },
      to: { path: '^core/warehouse/' },
    },
    {
      name: 'warehouse-and-broker-apart',
      severity: 'error',
      from: { path: '^core/warehouse/' },
      to: { path: '^core/broker/' },
    },
    {
      name: 'runtime-knows-model-only',
      severity: 'error',
      from: { path: '^core/runtime/' },
      to: { path: '^core/(broker|warehouse|columns)/' },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'tests-stay-outside', severity: 'error', from: { pathNot: '^test/' }, to: { path: '^test/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.js', '.cjs', '.mjs', '.json'] },
  },
}
