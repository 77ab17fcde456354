// Follows a run to its end: ASSAY_URL=… ASSAY_KEY=… go run ./follow <run, job or topic> [<seq>]
// Where it was is kept by you: give the last seq it printed, and it goes on after that.
package main

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"assay.example/assay"
)

type event struct {
	Seq     int64  `json:"seq"`
	Hash    string `json:"hash"`
	Type    string `json:"type"`
	Message string `json:"message"`
}

type page struct {
	Head     int64   `json:"head"`
	Complete bool    `json:"complete"`
	Events   []event `json:"events"`
	Thinned  []struct {
		Last int64 `json:"last"`
	} `json:"thinned"`
}

// Of a run `state`, of a job `status`.
type origin struct {
	Topic  string `json:"topic"`
	State  string `json:"state"`
	Status string `json:"status"`
}

var (
	endings = map[string]bool{
		"run.succeeded": true, "run.failed": true, "run.cancelled": true, "job.succeeded": true, "job.failed": true,
	}
	reopenings = map[string]bool{"run.retried": true, "job.reported": true}
	over       = map[string]bool{"succeeded": true, "failed": true, "cancelled": true, "completed": true}
)

func get(path string, into any) {
	if err := assay.Get("/api/v1/"+path, into); err != nil {
		assay.Fail(err)
	}
}

func look(path string) (origin, bool) {
	var one origin
	err := assay.Get("/api/v1/"+path, &one)
	var problem *assay.Problem
	if errors.As(err, &problem) && problem.Status == 404 {
		return one, false
	}
	if err != nil {
		assay.Fail(err)
	}
	return one, true
}

// The topic of a run or a job, and where that one is; a topic names its own in its first line.
func find(id string) (string, string) {
	for _, place := range []string{"runs/" + id + "/", "jobs/" + id + "/"} {
		if one, there := look(place); there {
			return one.Topic, place
		}
	}
	var first struct {
		Events []struct {
			Data struct {
				Run string `json:"run"`
				Job string `json:"job_id"`
			} `json:"data"`
		} `json:"events"`
	}
	get("topics/"+id+"/events/?after=0&limit=1", &first)
	if len(first.Events) == 0 {
		return id, ""
	}
	if run := first.Events[0].Data.Run; run != "" {
		return id, "runs/" + run + "/"
	}
	if job := first.Events[0].Data.Job; job != "" {
		return id, "jobs/" + url.PathEscape(job) + "/"
	}
	return id, ""
}

func isOver(place string) bool {
	if place == "" {
		return false
	}
	one, there := look(place)
	return there && (over[one.State] || over[one.Status])
}

func main() {
	words := assay.Given("./follow <run, job or topic> [<seq>]", 1, 2)
	after := int64(0)
	if len(words) > 1 {
		given, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			assay.Fail(err)
		}
		after = given
	}
	topic, place := find(url.PathEscape(words[0]))
	for ended, complete := false, false; !(ended && complete); {
		if complete {
			time.Sleep(time.Second)
			// For who did not see the ending. Asked before the page is read: the lines up to it are on that page then.
			ended = ended || isOver(place)
		}
		var read page
		get(fmt.Sprintf("topics/%s/events/?after=%d", topic, after), &read)
		if read.Head < after {
			assay.Fail(fmt.Errorf("the log ends at %d: begin again with 0", read.Head))
		}
		for _, one := range read.Events {
			fmt.Println(one.Seq, one.Hash, one.Type, one.Message)
			after = one.Seq
			// Lines may follow an ending; only `run.retried` and `job.reported` take it back.
			ended = (ended || endings[one.Type]) && !reopenings[one.Type]
		}
		// Emptied lines are named in `thinned`; the cursor passes over them.
		for _, gap := range read.Thinned {
			if gap.Last > after {
				after = gap.Last
			}
		}
		complete = read.Complete
	}
}
