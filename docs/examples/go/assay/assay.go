// Package assay is what the examples share: Go's standard library alone.
package assay

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Problem is what the server refused with (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (p *Problem) Error() string { return fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail) }

// Redirects are not followed: the key is for this server.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Ask asks the server. One that is away or overloaded is asked again; a refusal is a *Problem.
func Ask(method, path string, body []byte, headers map[string]string) ([]byte, http.Header, error) {
	for wait := 100 * time.Millisecond; ; wait = longer(wait) {
		request, err := http.NewRequest(method, strings.TrimSuffix(os.Getenv("ASSAY_URL"), "/")+path, bytes.NewReader(body))
		if err != nil {
			return nil, nil, err
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("ASSAY_KEY"))
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		answer, err := client.Do(request)
		if err != nil {
			time.Sleep(wait) // no connection
			continue
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			time.Sleep(wait)
			continue
		}
		switch answer.StatusCode {
		case 429, 502, 503, 504:
			seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
			if asked := time.Duration(seconds) * time.Second; asked > wait {
				time.Sleep(asked)
			} else {
				time.Sleep(wait)
			}
		default:
			if answer.StatusCode < 300 {
				return text, answer.Header, nil
			}
			problem := &Problem{Status: answer.StatusCode}
			_ = json.Unmarshal(text, problem) // a proxy may have answered
			return nil, nil, problem
		}
	}
}

func longer(wait time.Duration) time.Duration {
	if wait > 2500*time.Millisecond {
		return 5 * time.Second
	}
	return wait * 2
}

// Given is the arguments, if there are as many as there may be; otherwise it says how the example is used.
func Given(usage string, least, most int) []string {
	words := os.Args[1:]
	if os.Getenv("ASSAY_URL") == "" || os.Getenv("ASSAY_KEY") == "" || len(words) < least || len(words) > most || words[0] == "" {
		fmt.Fprintln(os.Stderr, "usage: ASSAY_URL=… ASSAY_KEY=… go run "+usage)
		// `go run` itself says 1 for whatever is not 0.
		os.Exit(2)
	}
	return words
}

// Get reads a JSON object.
func Get(path string, into any) error {
	text, _, err := Ask("GET", path, nil, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// Key is a fresh Idempotency-Key.
func Key() string {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		panic(err)
	}
	return hex.EncodeToString(random)
}

// Fail ends the program.
func Fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
