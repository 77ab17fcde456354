// Follows a run to its end: ASSAY_URL=… ASSAY_KEY=… go run ./follow <run> [<seq>]
// Where it was is kept by you: give the last seq it printed, and it goes on after that.
package main

import (
	"fmt"
	"os"
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

type run struct {
	Topic string `json:"topic"`
	State string `json:"state"`
}

var (
	endings = map[string]bool{"run.succeeded": true, "run.failed": true, "run.cancelled": true}
	ended   = map[string]bool{"succeeded": true, "failed": true, "cancelled": true}
)

func get(path string, into any) {
	if err := assay.Get(path, into); err != nil {
		assay.Fail(err)
	}
}

func main() {
	address := "/api/v1/runs/" + os.Args[1] + "/"
	after := int64(0)
	if len(os.Args) > 2 {
		given, err := strconv.ParseInt(os.Args[2], 10, 64)
		if err != nil {
			assay.Fail(err)
		}
		after = given
	}
	var found run
	get(address, &found)
	for {
		var read page
		get(fmt.Sprintf("/api/v1/topics/%s/events/?after=%d", found.Topic, after), &read)
		if read.Head < after {
			assay.Fail(fmt.Errorf("the log ends at %d: begin again with 0", read.Head))
		}
		for _, one := range read.Events {
			fmt.Println(one.Seq, one.Hash, one.Type, one.Message)
			after = max(after, one.Seq)
			// A run that was tried again has endings in the middle of its log.
			if endings[one.Type] && one.Seq == read.Head {
				return
			}
		}
		// Emptied lines are named in `thinned`; the cursor passes over them.
		for _, gap := range read.Thinned {
			after = max(after, gap.Last)
		}
		if !read.Complete {
			continue
		}
		get(address, &found)
		if len(read.Events) == 0 && after == read.Head && ended[found.State] {
			return
		}
		time.Sleep(time.Second)
	}
}
