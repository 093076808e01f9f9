#!/bin/sh
# The first process of the run's own namespaces (PID, mount, network): makes them fit for a node, then runs a command.
# Whatever the command leaves running or mounted ends with this process.
# usage: inside.sh BRIDGE-ADDRESS SERVICES COMMAND…
set -eu

# Where containerd, kubelet, the network plugins and iptables write, whatever their configuration says.
for folder in /run /var/lib /var/log; do
    mount -t tmpfs tmpfs "$folder"
done

# What kubelet wants of the kernel is not the machine's business: it is shown files.
setting() {
    shown=/run/kernel/$(basename "$1")
    echo "$2" >"$shown"
    mount --bind "$shown" "/proc/sys/$1"
}
mkdir /run/kernel
setting vm/overcommit_memory 1
setting vm/panic_on_oom 0
setting kernel/panic 10
setting kernel/panic_on_oops 1

echo 1 >/proc/sys/net/ipv4/ip_forward # of this network namespace
ip link set lo up
# A bridge without its own address takes the lowest of its ports': pods would lose it whenever another pod goes.
ip link add e2e0 address 0a:58:0a:f4:00:01 type bridge
ip address add "$1/24" dev e2e0
ip link set e2e0 up
ip route add "$2" dev e2e0 # to the Services: kube-proxy sends on to a pod what goes there

shift 2
status=0
"$@" || status=$?
exit "$status"
