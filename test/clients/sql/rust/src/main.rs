//! Reads Wattline through the official Rust client, which sends parameters as a form; prints one JSON line a check: its name, and
//! rows or the error. Argument: the address.
use clickhouse::{Client, Compression, Row};
use serde::Deserialize;
use serde_json::{json, Value};

#[derive(Row, Deserialize)]
struct Span {
    #[serde(rename = "TraceId")]
    trace_id: String,
    #[serde(rename = "SpanId")]
    span_id: String,
    #[serde(rename = "SpanName")]
    span_name: String,
    #[serde(rename = "Duration")]
    duration: u64,
}

fn say(check: &str, outcome: Result<Value, clickhouse::error::Error>) {
    match outcome {
        Ok(rows) => println!("{}", json!({"check": check, "rows": rows})),
        Err(error) => println!("{}", json!({"check": check, "error": error.to_string()})),
    }
}

async fn spans(client: &Client) -> Result<Value, clickhouse::error::Error> {
    let sql = "SELECT ?fields FROM otel_traces WHERE ServiceName = {service:String} AND has({names:Array(String)}, ServiceName) ORDER BY SpanId";
    let found = client
        .query(sql)
        .param("service", "reader's ü")
        .param("names", vec!["reader's ü", "o\t'"])
        .fetch_all::<Span>()
        .await?;
    let rows = found.iter().map(|span| json!([span.trace_id, span.span_id, span.span_name, span.duration.to_string()]));
    Ok(rows.collect())
}

async fn many(client: &Client) -> Result<Value, clickhouse::error::Error> {
    let mut cursor = client.query("SELECT number FROM numbers(1000000)").fetch::<u64>()?;
    let (mut count, mut sum) = (0u64, 0u64);
    while let Some(number) = cursor.next().await? {
        count += 1;
        sum += number;
    }
    Ok(json!([[count.to_string(), sum.to_string()]]))
}

async fn error(client: &Client) -> Result<Value, clickhouse::error::Error> {
    let outcome = client.query("SELECT 1 FROM missing").fetch_one::<u8>().await;
    Ok(json!([[outcome.is_err_and(|error| error.to_string().contains("Code: 60"))]]))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1).expect("an address");
    for (name, compression) in [("none", Compression::None), ("lz4", Compression::Lz4)] {
        let client = Client::default().with_url(&url).with_database("wattline").with_compression(compression);
        say(&format!("spans {name}"), spans(&client).await);
        say(&format!("many {name}"), many(&client).await);
        say(&format!("error {name}"), error(&client).await);
    }
}
