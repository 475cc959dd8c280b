#!/usr/bin/env bash
# Builds the image and shows that it runs as its own user on a read-only root, on a machine without a container
# engine: needs root and buildah.
#
#   scripts/image.sh [BUILD_IMAGE RUNTIME_IMAGE]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

arguments=()
if [[ $# -eq 2 ]]; then
  arguments=(--pull-never --build-arg "BUILD_IMAGE=$1" --build-arg "RUNTIME_IMAGE=$2")
fi
# HEALTHCHECK is Docker's; the OCI format has none.
buildah bud --format docker --isolation chroot "${arguments[@]}" -t mars .

work=$(mktemp -d)
container=$(buildah from --pull-never localhost/mars)
chroot=$(command -v chroot)
pid=
cleanup() {
  if [[ -n $pid ]]; then kill -KILL "$pid" 2>/dev/null || true; fi
  buildah umount "$container" >/dev/null
  buildah rm "$container" >/dev/null
  rm -rf "$work"
}
trap cleanup EXIT

user=$(buildah inspect --format '{{.OCIv1.Config.User}}' "$container")
mapfile -t env < <(buildah inspect --format '{{range .OCIv1.Config.Env}}{{println .}}{{end}}' "$container" | sed '/^$/d')
mkdir "$work/root" "$work/data"
chown "$user" "$work/data"
root=$(buildah mount "$container")
# Every container has these two; Bun will not start without them.
mkdir -p "$root/proc" "$root/dev"

# A mount namespace of its own: the image's root, read-only, with one writable directory on it.
unshare --mount bash -euc '
  mount --bind "$1" "$2/root"
  mount -o remount,bind,ro "$2/root"
  mount --bind "$2/data" "$2/root/data"
  mount --rbind /proc "$2/root/proc"
  mount --rbind /dev "$2/root/dev"
  if touch "$2/root/tmp/x" 2>/dev/null; then echo "the root is writable" >&2; exit 1; fi
  exec env -i "${@:5}" MARS_HTTP_PORT=4790 MARS_GRPC_PORT=4791 "$4" --userspec="$3" "$2/root" /usr/local/bin/mars
' - "$root" "$work" "$user" "$chroot" "${env[@]}" &
pid=$!

inside() {
  nsenter --mount --target "$pid" env -i "${env[@]}" MARS_HTTP_PORT=4790 \
    "$chroot" --userspec="$user" "$work/root" /usr/local/bin/mars "$@"
}
for _ in $(seq 50); do
  if inside health 2>/dev/null; then break; fi
  sleep 0.2
done
inside health
echo "runs as $(ps -o uid=,gid= -p "$pid")"
curl -sS --fail-with-body -H 'Content-Type: application/json' \
  -d '{"app_id":"image","message_id":"m","event":"sent"}' http://127.0.0.1:4790/api/event
echo
ls -A "$work/data"
kill -TERM "$pid"
wait "$pid"
pid=
echo "image: ok, stopped with 0"
