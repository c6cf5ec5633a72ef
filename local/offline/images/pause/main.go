// pause holds the namespaces of a pod: it sleeps, reaps the orphans that pid 1 inherits, and ends when told to.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

var version = "unset"

func main() {
	if len(os.Args) > 1 {
		fmt.Println("thanos-fleet pause", version)
		return
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for s := range signals {
		if s != syscall.SIGCHLD {
			return
		}
		for pid := 1; pid > 0; {
			pid, _ = syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		}
	}
}
