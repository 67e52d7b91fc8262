// Guarantees: the worked example of docs/walkthrough-watt.md, sent as OTLP, gives exactly those microjoules, micrograms
// and nano-euros in the ledger, also when each sample is sent twice; so does a case that does not divide evenly. And the
// ledger's hours and days sum to the same as its minutes.
import { workedExample } from '../support/worked-example.ts'

workedExample()
