// Uploads a file; run it again after a cut and it goes on: ASSAY_URL=… ASSAY_KEY=… go run ./upload clip.mp4
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"assay.example/assay"
)

const pieceBytes = 8 << 20

func check(err error) {
	if err != nil {
		assay.Fail(err)
	}
}

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func offsetOf(upload string) (int64, error) {
	_, headers, err := assay.Ask("HEAD", upload, nil, map[string]string{"Tus-Resumable": "1.0.0"})
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(headers.Get("Upload-Offset"), 10, 64)
}

// The key is made from the file: asked again, the server names the upload it has begun already.
func begin(size int64, metadata, key string) (string, int64) {
	_, headers, err := assay.Ask("POST", "/api/v1/uploads/", nil, map[string]string{
		"Tus-Resumable": "1.0.0", "Upload-Length": strconv.FormatInt(size, 10),
		"Upload-Metadata": metadata, "Idempotency-Key": key,
	})
	check(err)
	location, err := url.Parse(headers.Get("Location"))
	check(err)
	offset, err := offsetOf(location.Path)
	var problem *assay.Problem
	if errors.As(err, &problem) && (problem.Status == 404 || problem.Status == 410) {
		return location.Path, size // it has expired
	}
	check(err)
	return location.Path, offset
}

func send(upload string, file *os.File, offset, size int64) int64 {
	length := size - offset
	if length > pieceBytes {
		length = pieceBytes
	}
	piece := make([]byte, length)
	_, err := file.ReadAt(piece, offset)
	check(err)
	digest := sha256.Sum256(piece)
	_, _, err = assay.Ask("PATCH", upload, piece, map[string]string{
		"Tus-Resumable": "1.0.0", "Upload-Offset": strconv.FormatInt(offset, 10),
		"Upload-Checksum": "sha256 " + base64.StdEncoding.EncodeToString(digest[:]),
		"Content-Type":    "application/offset+octet-stream",
	})
	// 409: the piece had arrived although its answer was lost; 460: it was damaged on its way.
	var problem *assay.Problem
	if err != nil && !(errors.As(err, &problem) && (problem.Status == 409 || problem.Status == 460)) {
		assay.Fail(err)
	}
	if err != nil {
		time.Sleep(200 * time.Millisecond)
	}
	reached, err := offsetOf(upload)
	check(err)
	return reached
}

func main() {
	path := assay.Given("./upload <file>", 1, 1)[0]
	file, err := os.Open(path)
	check(err)
	whole := sha256.New()
	size, err := io.Copy(whole, file)
	check(err)
	digest := hex.EncodeToString(whole.Sum(nil))
	metadata := "filename " + encoded(filepath.Base(path)) + ",sha256 " + encoded(digest)

	upload, offset := begin(size, metadata, digest+" 0")
	// One that is complete is of an earlier time: the same file is being sent once more.
	for count := 1; offset == size; count++ {
		upload, offset = begin(size, metadata, fmt.Sprintf("%s %d", digest, count))
	}
	for offset < size {
		offset = send(upload, file, offset, size)
		fmt.Fprintln(os.Stderr, offset, "of", size, "bytes")
	}
	text, _, err := assay.Ask("GET", upload, nil, nil)
	check(err)
	var media struct {
		SHA256 string `json:"sha256"`
		Run    struct {
			Topic string `json:"topic"`
		} `json:"run"`
	}
	check(json.Unmarshal(text, &media))
	fmt.Println(media.SHA256, media.Run.Topic)
}
