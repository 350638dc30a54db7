#!/bin/busybox sh
# Process 1 of a small guest: mounts its disks, starts the guest agent, and does what it is told on the serial console.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
# Modules need each other in an order that is not worth knowing.
for pass in 1 2 3; do
  for module in /lib/modules/*.ko; do insmod "$module" 2>/dev/null; done
done
stty -echo
while [ ! -b /dev/vda ]; do sleep 0.1; done
for device in /dev/vd?; do
  name=${device#/dev/}
  mkdir -p "/disk/$name"
  mount -t ext4 "$device" "/disk/$name"
done
port=/dev/$(basename "$(dirname "$(grep -l org.qemu.guest_agent /sys/class/virtio-ports/*/name 2>/dev/null)")")
[ -c "$port" ] && qemu-ga -m virtio-serial -p "$port" -t /run -l /run/qemu-ga.log &

# Writes the records FIRST to LAST, each to every disk in turn; each is on stable storage before the next one is begun.
records() {
  record=$1
  while [ "$record" -le "$2" ]; do
    for folder in /disk/vd?; do
      echo "$record" >>"$folder/records"
      sync "$folder/records"
    done
    echo "done $record"
    record=$((record + 1))
  done
}

echo "ready"
while read -r line; do eval "$line"; done
