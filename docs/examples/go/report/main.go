// Reports on a job: ASSAY_URL=… ASSAY_KEY=… go run ./report nightly
package main

import (
	"encoding/json"
	"fmt"
	"net/url"

	"assay.example/assay"
)

// Sent twice under one key, a report counts once.
func report(job string, said map[string]any) map[string]any {
	body, err := json.Marshal(said)
	if err != nil {
		assay.Fail(err)
	}
	headers := map[string]string{"Content-Type": "application/json", "Idempotency-Key": assay.Key()}
	text, _, err := assay.Ask("POST", "/api/v1/jobs/"+url.PathEscape(job)+"/progress/", body, headers)
	if err != nil {
		assay.Fail(err)
	}
	var state map[string]any
	if err := json.Unmarshal(text, &state); err != nil {
		assay.Fail(err)
	}
	return state
}

func main() {
	job := assay.Given("./report <job>", 1, 1)[0]
	const frames = 5
	for done := 0; done < frames; done++ {
		message := fmt.Sprintf("Frame %d of %d", done, frames)
		report(job, map[string]any{"stage": "encoding", "progress": float64(done) / frames, "message": message})
	}
	state := report(job, map[string]any{"status": "completed", "result": map[string]string{"file": "out.mp4"}})
	fmt.Println(state["status"])
}
