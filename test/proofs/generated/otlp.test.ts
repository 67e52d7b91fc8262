// Guarantees: what the imported tests do, over many more generated requests and texts.
import '../../collector/otlp/decode/against-reference.test.ts'
import '../../collector/otlp/decode/duplicate-keys.test.ts'
import '../../collector/otlp/decode/malformed.test.ts'
import '../../collector/otlp/decode/span-batch.test.ts'
import '../../collector/otlp/json/json-against-reference.test.ts'
import '../../collector/otlp/json/scanner.test.ts'
import '../../collector/readings/identity/identities.test.ts'
