#!/usr/bin/env bash
# Makes the file system of kind's base image, as images/base/Dockerfile of kind's module does, of Debian packages and of programs that were built before.
# Usage: base.sh FOLDER MODULE PROGRAM...
#   FOLDER   where to make it
#   MODULE   the source of kind's module
#   PROGRAM  containerd, ctr and containerd-shim-runc-v2
set -euo pipefail
root=$1 module=$2
shift 2

# systemd of bookworm runs with cgroup v1, too; that of kind's own base image refuses it.
packages() {
    local names=(
        systemd systemd-sysv
        conntrack iptables nftables iproute2 ethtool util-linux mount kmod libseccomp2 pigz e2fsprogs
        bash ca-certificates curl jq procps
        runc containernetworking-plugins
    )
    debootstrap --variant=minbase --include="$(IFS=, && echo "${names[*]}")" bookworm "$root"
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale}/*
}

# Files of the module cache are read-only, and none is executable.
files() {
    cp -r --no-preserve=mode,ownership "$module/images/base/files/." "$root"
    chmod 755 "$root"/usr/local/bin/* "$root"/kind/bin/*
}

programs() {
    install -m 755 "$@" "$root/usr/local/bin/"
    mkdir -p "$root/opt/cni/bin" "$root/etc/kubernetes/manifests"
    cp "$root"/usr/lib/cni/{host-local,loopback,ptp,portmap} "$root/opt/cni/bin/"
    # kind's own hook: pods do not see the host's product name and id.
    chroot "$root" ctr oci spec |
        chroot "$root" jq '.hooks.createContainer += [{"path": "/kind/bin/mount-product-files.sh"}] | del(.process.rlimits)' >"$root/etc/containerd/cri-base.json"
    # A machine may lack the capability to lower a score below that of containerd; kind itself sets this in user namespaces only.
    sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' "$root/etc/containerd/config.toml"
}

services() {
    rm -f "$root"/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service \
        "$root"/lib/systemd/system/{multi-user,local-fs,basic}.target.wants/* "$root"/etc/systemd/system/*.wants/* \
        "$root"/lib/systemd/system/sockets.target.wants/*{udev,initctl}*
    echo "ReadKMsg=no" >>"$root/etc/systemd/journald.conf"
    chroot "$root" systemctl enable kubelet.service containerd.service undo-mount-hacks.service
    chroot "$root" systemctl mask systemd-binfmt.service
}

packages
files
programs "$@"
services
