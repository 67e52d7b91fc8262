// Command oracle evaluates queries with the official PromQL engine over series in memory, for comparison with our own.
//
//	oracle < questions.jsonl > answers.jsonl
//	oracle bench SERIES HOURS QUERY
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"sort"
	"strconv"
	"syscall"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// Series of the input. A value is 16 hexadecimal digits: the bits of the float.
type inputSeries struct {
	Labels     map[string]string
	Times      []int64
	Values     []string
	Histograms []*inputHistogram
}

type inputHistogram struct {
	Hint            uint8
	Schema          int32
	ZeroThreshold   float64
	ZeroCount       float64
	Count           float64
	Sum             float64
	PositiveSpans   []histogram.Span
	PositiveBuckets []float64
	NegativeSpans   []histogram.Span
	NegativeBuckets []float64
	CustomValues    []float64
}

type question struct {
	Series []inputSeries
	Query  string
	Start  int64
	End    int64
	Step   int64
}

type answerSeries struct {
	Labels     map[string]string `json:"labels"`
	Times      []int64           `json:"times"`
	Values     []string          `json:"values"`
	Histograms []answerHistogram `json:"histograms,omitempty"`
}

type answerHistogram struct {
	Time    int64    `json:"time"`
	Count   string   `json:"count"`
	Sum     string   `json:"sum"`
	Hint    uint8    `json:"hint"`
	Buckets []string `json:"buckets"`
}

type answer struct {
	Error    string         `json:"error,omitempty"`
	Type     string         `json:"type,omitempty"`
	Series   []answerSeries `json:"series,omitempty"`
	Warnings int            `json:"warnings"`
	Infos    int            `json:"infos"`
}

func bits(value float64) string { return fmt.Sprintf("%016x", math.Float64bits(value)) }

func fromBits(text string) float64 {
	value, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		panic(err)
	}
	return math.Float64frombits(value)
}

// memory is a storage whose series lie in memory, sorted by labels.
type memory []promql.Series

func (m memory) Querier(int64, int64) (storage.Querier, error) { return m, nil }
func (memory) Close() error                                     { return nil }

func (memory) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (memory) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (m memory) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &seriesSet{at: -1}
next:
	for _, series := range m {
		for _, matcher := range matchers {
			if !matcher.Matches(series.Metric.Get(matcher.Name)) {
				continue next
			}
		}
		found.series = append(found.series, series)
	}
	return found
}

type seriesSet struct {
	series []promql.Series
	at     int
}

func (s *seriesSet) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *seriesSet) At() storage.Series                { return promql.NewStorageSeries(s.series[s.at]) }
func (*seriesSet) Err() error                          { return nil }
func (*seriesSet) Warnings() annotations.Annotations   { return nil }

func toMemory(input []inputSeries) memory {
	var all memory
	for _, each := range input {
		series := promql.Series{Metric: labels.FromMap(each.Labels)}
		for i, t := range each.Times {
			if i < len(each.Histograms) && each.Histograms[i] != nil {
				h := each.Histograms[i]
				series.Histograms = append(series.Histograms, promql.HPoint{T: t, H: &histogram.FloatHistogram{
					CounterResetHint: histogram.CounterResetHint(h.Hint), Schema: h.Schema, ZeroThreshold: h.ZeroThreshold,
					ZeroCount: h.ZeroCount, Count: h.Count, Sum: h.Sum,
					PositiveSpans: h.PositiveSpans, PositiveBuckets: h.PositiveBuckets,
					NegativeSpans: h.NegativeSpans, NegativeBuckets: h.NegativeBuckets, CustomValues: h.CustomValues,
				}})
				continue
			}
			series.Floats = append(series.Floats, promql.FPoint{T: t, F: fromBits(each.Values[i])})
		}
		all = append(all, series)
	}
	sort.Slice(all, func(i, j int) bool { return labels.Compare(all[i].Metric, all[j].Metric) < 0 })
	return all
}

func newEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples: 500_000_000, Timeout: 10 * time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
		Parser: parser.NewParser(parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true}),
	})
}

func ask(engine *promql.Engine, all memory, q question) answer {
	ctx := context.Background()
	var (
		query promql.Query
		err   error
	)
	start, end := time.UnixMilli(q.Start), time.UnixMilli(q.End)
	if q.Step == 0 {
		query, err = engine.NewInstantQuery(ctx, all, nil, q.Query, start)
	} else {
		query, err = engine.NewRangeQuery(ctx, all, nil, q.Query, start, end, time.Duration(q.Step)*time.Millisecond)
	}
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer query.Close()
	result := query.Exec(ctx)
	if result.Err != nil {
		return answer{Error: result.Err.Error()}
	}
	warnings, infos := result.Warnings.CountWarningsAndInfo()
	out := answer{Type: string(result.Value.Type()), Warnings: warnings, Infos: infos}
	switch value := result.Value.(type) {
	case promql.Matrix:
		for _, series := range value {
			out.Series = append(out.Series, toAnswer(series))
		}
	case promql.Vector:
		for _, sample := range value {
			series := promql.Series{Metric: sample.Metric}
			if sample.H == nil {
				series.Floats = []promql.FPoint{{T: sample.T, F: sample.F}}
			} else {
				series.Histograms = []promql.HPoint{{T: sample.T, H: sample.H}}
			}
			out.Series = append(out.Series, toAnswer(series))
		}
	case promql.Scalar:
		out.Series = []answerSeries{{Labels: map[string]string{}, Times: []int64{value.T}, Values: []string{bits(value.V)}}}
	}
	return out
}

func toAnswer(series promql.Series) answerSeries {
	out := answerSeries{Labels: series.Metric.Map()}
	for _, point := range series.Floats {
		out.Times = append(out.Times, point.T)
		out.Values = append(out.Values, bits(point.F))
	}
	for _, point := range series.Histograms {
		h := answerHistogram{Time: point.T, Count: bits(point.H.Count), Sum: bits(point.H.Sum), Hint: uint8(point.H.CounterResetHint)}
		for it := point.H.AllBucketIterator(); it.Next(); {
			if bucket := it.At(); bucket.Count != 0 {
				h.Buckets = append(h.Buckets, bits(bucket.Lower)+" "+bits(bucket.Upper)+" "+bits(bucket.Count))
			}
		}
		out.Histograms = append(out.Histograms, h)
	}
	return out
}

// A counter for measurements: the same numbers as test/promql/bench.ts makes.
func counters(count, hours int) memory {
	var all memory
	samples := hours * 240
	for i := range count {
		metric := labels.FromStrings("__name__", "requests_total", "instance", fmt.Sprintf("%06d", i), "job", strconv.Itoa(i%10))
		series := promql.Series{Metric: metric, Floats: make([]promql.FPoint, samples)}
		state, value := uint32(i+1), 0.0
		for k := range samples {
			state = state*1664525 + 1013904223
			if state>>20 == 0 {
				value = 0
			}
			value += float64(state>>28) * 0.25
			series.Floats[k] = promql.FPoint{T: int64(k)*15_000 + int64(i%15_000), F: value}
		}
		all = append(all, series)
	}
	return all
}

func cpu() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

func bench(count, hours int, query string) {
	all := counters(count, hours)
	engine := newEngine()
	q := question{Query: query, Start: 600_000, End: int64(hours) * 3_600_000, Step: 60_000}
	for range 5 {
		before := cpu()
		result := ask(engine, all, q)
		fmt.Printf("%.4f %d\n", cpu()-before, len(result.Series))
	}
}

func main() {
	if len(os.Args) > 4 && os.Args[1] == "bench" {
		count, _ := strconv.Atoi(os.Args[2])
		hours, _ := strconv.Atoi(os.Args[3])
		bench(count, hours, os.Args[4])
		return
	}
	engine := newEngine()
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	decoder := json.NewDecoder(in)
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	var all memory
	for {
		var q question
		if err := decoder.Decode(&q); err != nil {
			return
		}
		// Series stay for the questions that follow.
		if q.Series != nil {
			all = toMemory(q.Series)
			continue
		}
		if err := encoder.Encode(ask(engine, all, q)); err != nil {
			panic(err)
		}
		out.Flush()
	}
}
