package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/Khan/genqlient/graphql"
	"github.com/gorilla/websocket"
)

// dialer opens the WebSockets of genqlient, which brings none of its own.
type dialer struct{ *websocket.Dialer }

func (d dialer) DialContext(ctx context.Context, url string, header http.Header) (graphql.WSConn, error) {
	connection, _, err := d.Dialer.DialContext(ctx, url, header)
	return connection, err
}

func main() {
	url := os.Getenv("REPRISE_URL")
	if url == "" {
		url = "http://127.0.0.1:7171"
	}
	if err := runStory(context.Background(), url+"/graphql"); err != nil {
		log.Fatal(err)
	}
}

func runStory(ctx context.Context, url string) error {
	client := graphql.NewClient(url, http.DefaultClient)

	found, err := Search(ctx, client, "night ferry")
	if err != nil {
		return err
	}
	album, ok := found.Search.Nodes[0].(*SearchSearchSearchConnectionNodesAlbum)
	if !ok {
		return errors.New("no album was found")
	}
	fmt.Printf("%s, %d tracks\n", album.Title, album.TrackCount)

	mp3, bitrate := AudioFormatMp3, 128
	id, err := queue(ctx, client, QueueDownloadInput{
		Item:    album.Id,
		Options: &DownloadOptionsInput{Format: &mp3, BitrateKbps: &bitrate},
	})
	if err != nil {
		return err
	}
	if err := follow(ctx, url, id); err != nil {
		return err
	}
	files, err := Files(ctx, client, id)
	if err != nil {
		return err
	}
	for _, track := range files.Task.Children.Nodes {
		if file := track.File; file != nil && file.Format != nil {
			fmt.Println(*file.Format, file.Path)
		}
	}
	return cancelAndRetry(ctx, client)
}

// queue returns the id of the task.
func queue(ctx context.Context, client graphql.Client, input QueueDownloadInput) (string, error) {
	response, err := Queue(ctx, client, input)
	if err != nil {
		return "", err
	}
	switch outcome := response.QueueDownload.(type) {
	case *QueueQueueDownloadDownloadQueued:
		return outcome.Task.Id, nil
	case failure:
		return "", fmt.Errorf("%s: %s", outcome.GetCode(), outcome.GetMessage())
	default:
		return "", fmt.Errorf("unexpected outcome %T", outcome)
	}
}

// failure is what all members of the interface Error have.
type failure interface {
	GetCode() ErrorCode
	GetMessage() string
}

// follow prints each update of a task until it has finished.
func follow(ctx context.Context, url, id string) error {
	client := graphql.NewClientUsingWebSocket(strings.Replace(url, "http", "ws", 1), dialer{websocket.DefaultDialer})
	closed, err := client.Start(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	updates, _, err := Follow(ctx, client, id)
	if err != nil {
		return err
	}
	for {
		select {
		case err := <-closed:
			return err
		case update, more := <-updates:
			if !more {
				return nil
			}
			if update.Errors != nil {
				return update.Errors
			}
			task := update.Data.TaskUpdates.Task
			fmt.Printf("%s %.0f %%\n", task.State, task.Progress)
		}
	}
}

func cancelAndRetry(ctx context.Context, client graphql.Client) error {
	albums, slow := CatalogTypeAlbum, true
	other, err := queue(ctx, client, QueueDownloadInput{
		Item: "demo:low-tide-radio",
		Type: &albums,
		// As slow as playback, so that it is still there to be canceled.
		Options: &DownloadOptionsInput{RealTime: &slow},
	})
	if err != nil {
		return err
	}
	cancelled, err := Cancel(ctx, client, other)
	if err != nil {
		return err
	}
	if outcome, ok := cancelled.CancelTask.(*CancelCancelTaskTaskCancelled); ok {
		fmt.Println(outcome.Task.State, outcome.Task.Title)
	}
	retried, err := Retry(ctx, client, other)
	if err != nil {
		return err
	}
	if outcome, ok := retried.RetryTask.(*RetryRetryTaskTaskRetried); ok {
		fmt.Println(outcome.Task.State, outcome.Task.Title)
	}
	_, err = queue(ctx, client, QueueDownloadInput{Item: "demo:no-such-album", Type: &albums})
	fmt.Println(err)
	return nil
}
