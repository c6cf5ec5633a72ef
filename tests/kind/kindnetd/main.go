// kindnetd stands in for kind's program of this name, for clusters of one node: it writes the network's configuration, and has no other nodes to add routes to.
package main

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Pods get addresses of the whole pod subnet, because no other node has a share of it. What leaves the subnet is masqueraded.
const configuration = `{
  "cniVersion": "0.3.1",
  "name": "kindnet",
  "plugins": [
    {
      "type": "ptp",
      "ipMasq": true,
      "ipam": {
        "type": "host-local",
        "dataDir": "/run/cni-ipam-state",
        "routes": [{ "dst": "0.0.0.0/0" }],
        "ranges": [[{ "subnet": %q }]]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
`

func main() {
	folder, name := "/etc/cni/net.d", "10-kindnet.conflist"
	draft := filepath.Join(folder, "."+name)
	if err := os.WriteFile(draft, []byte(fmt.Sprintf(configuration, os.Getenv("POD_SUBNET"))), 0o644); err != nil {
		log.Fatal(err)
	}
	if err := os.Rename(draft, filepath.Join(folder, name)); err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}
