// Command load asks a server at a fixed rate, as an open loop: a request counts from the moment at which it was due, so that a
// pause is seen by all requests that fell into it. It prints one line of JSON.
//
// KEDA is written in Go with this gRPC library and makes all calls to an address on one connection, so that is what is measured.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const getMetrics = "/externalscaler.ExternalScaler/GetMetrics"

var (
	protocol    = flag.String("protocol", "http", "http (also https) or grpc")
	target      = flag.String("target", "", "base URL; of gRPC host:port")
	path        = flag.String("path", "/", "path and query of HTTP, NAME stands for the policy")
	certificate = flag.String("cert", "", "client certificate of https")
	key         = flag.String("key", "", "its key")
	user        = flag.String("user", "", "header x-remote-user")
	rate        = flag.Int("rate", 2000, "requests a second")
	seconds     = flag.Int("seconds", 20, "seconds that count")
	warmUp      = flag.Int("warm-up", 3, "seconds before that")
	policies    = flag.Int("policies", 100, "policies named policy-0 and so on")
	connections = flag.Int("connections", 1, "connections")
)

// ask waits for the whole answer.
type ask func(policy string) error

// raw passes messages as bytes.
type raw struct{}

func (raw) Name() string                       { return "proto" }
func (raw) Marshal(v any) ([]byte, error)      { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = append([]byte(nil), data...); return nil }

func field(number byte, content []byte) []byte {
	return append([]byte{number*8 + 2, byte(len(content))}, content...)
}

// request is GetMetricsRequest{scaledObjectRef{scalerMetadata{policy}}, metricName}, of short texts.
func request(policy string) []byte {
	entry := append(field(1, []byte("policy")), field(2, []byte(policy))...)
	return append(field(1, field(3, entry)), field(2, []byte("wattline_replicas"))...)
}

func grpcAsk() (ask, error) {
	clients := make([]*grpc.ClientConn, *connections)
	for i := range clients {
		client, err := grpc.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, err
		}
		clients[i] = client
	}
	var next int
	var lock sync.Mutex
	return func(policy string) error {
		lock.Lock()
		next++
		client := clients[next%len(clients)]
		lock.Unlock()
		message := request(policy)
		var answer []byte
		return client.Invoke(context.Background(), getMetrics, &message, &answer, grpc.ForceCodec(raw{}))
	}, nil
}

func httpAsk() (ask, error) {
	transport := &http.Transport{
		MaxConnsPerHost:     *connections,
		MaxIdleConnsPerHost: *connections,
		// The server's own certificate is not what is measured.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	if *certificate != "" {
		pair, err := tls.LoadX509KeyPair(*certificate, *key)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Transport: transport}
	return func(policy string) error {
		question, err := http.NewRequest(http.MethodGet, *target+strings.ReplaceAll(*path, "NAME", policy), nil)
		if err != nil {
			return err
		}
		if *user != "" {
			question.Header.Set("x-remote-user", *user)
			question.Header.Set("accept", "application/json")
		}
		answer, err := client.Do(question)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("status %d", answer.StatusCode)
		}
		return nil
	}, nil
}

type result struct {
	P50Ms    float64 `json:"p50Ms"`
	P99Ms    float64 `json:"p99Ms"`
	P999Ms   float64 `json:"p999Ms"`
	MaxMs    float64 `json:"maxMs"`
	Failures int     `json:"failures"`
	Failure  string  `json:"failure"`
}

// load sends requests when they are due, whether earlier ones are answered or not.
func load(one ask, duration int) result {
	total := *rate * duration
	latenciesMs := make([]float64, total)
	var found result
	var lock sync.Mutex
	var answers sync.WaitGroup
	answers.Add(total)
	start := time.Now()
	for sent := range total {
		due := start.Add(time.Duration(sent) * time.Second / time.Duration(*rate))
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		go func() {
			defer answers.Done()
			err := one(fmt.Sprintf("policy-%d", sent%*policies))
			latenciesMs[sent] = float64(time.Since(due).Microseconds()) / 1000
			if err == nil {
				return
			}
			lock.Lock()
			defer lock.Unlock()
			found.Failures++
			found.Failure = err.Error()
		}()
	}
	answers.Wait()
	sort.Float64s(latenciesMs)
	at := func(share float64) float64 { return latenciesMs[int(share*float64(total-1))] }
	found.P50Ms, found.P99Ms, found.P999Ms, found.MaxMs = at(0.5), at(0.99), at(0.999), at(1)
	return found
}

func main() {
	flag.Parse()
	open := httpAsk
	if *protocol == "grpc" {
		open = grpcAsk
	}
	one, err := open()
	if err == nil {
		load(one, *warmUp)
		err = json.NewEncoder(os.Stdout).Encode(load(one, *seconds))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
