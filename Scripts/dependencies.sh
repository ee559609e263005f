#!/usr/bin/env bash
# Checks for what the build needs, and installs what is missing where it may.
#
#   Scripts/dependencies.sh        to build and test
#   Scripts/dependencies.sh demo   also the data of `make demo`
#   Scripts/dependencies.sh mpi    also both MPI libraries, for `make test-mpi`
#   Scripts/dependencies.sh lint   also what `make lint` checks scripts and spelling with
#   Scripts/dependencies.sh arm    also what `make test-arm` builds and runs for aarch64 with
#
# With apt (Debian, Ubuntu) it installs missing packages as root, or through sudo where that asks
# for no password; otherwise it prints the one line to run. When nothing is missing it installs
# nothing, needs no network and takes a fraction of a second.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { echo "dependencies: $*" >&2; }

check_swift() {
  local output
  if ! output=$(swift --version 2>/dev/null); then
    say "swift was not found; Swift 6.2 or newer is needed: https://www.swift.org/install"
    return 1
  fi
  if ! [[ $output =~ Swift\ version\ ([0-9]+)\.([0-9]+) ]]; then
    say "Swift 6.2 or newer is needed, but 'swift --version' says: ${output%%$'\n'*}"
    return 1
  fi
  local major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
  if ((major * 100 + minor < 602)); then
    say "Swift 6.2 or newer is needed, found $major.$minor: https://www.swift.org/install"
    return 1
  fi
}

# Elsewhere than on Debian and Ubuntu: what pkg-config says, and no installing.
check_with_pkg_config() {
  if ! command -v pkg-config >/dev/null; then
    say "pkg-config is missing; also needed: OpenBLAS, libpng, libjpeg and zlib with headers"
    return 1
  fi
  local missing=() module
  for module in blas libpng libjpeg zlib; do
    pkg-config --exists "$module" || missing+=("$module")
  done
  pkg-config --exists libwebpdemux || say "libwebp is not installed: WebP images will not be read"
  ((${#missing[@]} == 0)) && return
  say "pkg-config does not find: ${missing[*]}; install the development files, on Fedora:" \
    "sudo dnf install openblas-devel libpng-devel libjpeg-turbo-devel libwebp-devel zlib-devel"
  return 1
}

# The packages in "$@" that are not installed, one a line.
missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    [[ $'\n'$installed$'\n' == *$'\n'"installed $package"$'\n'* ]] || echo "$package"
  done
}

# How this user may run apt-get: the prefix of the command, or failure.
privilege() {
  if ((EUID == 0)); then
    echo env
  elif sudo -n true 2>/dev/null; then
    echo sudo -n env
  else
    return 1
  fi
}

explain_dataset() {
  say "there is no package dataset-fashion-mnist here; take the files from their authors:"
  cat >&2 <<'END'
  git clone --depth 1 https://github.com/zalandoresearch/fashion-mnist data/fashion-mnist-idx
  make build
  .build/release/convit dataset idx data/fashion-mnist-idx/data/fashion --output data/fashion-mnist
END
}

check_with_apt() {
  local missing wanted=() package as_root=() root failed=0
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} == 0)) && return

  read -ra as_root < <(privilege) || true
  if ((${#as_root[@]})); then
    say "installing with apt-get: ${missing[*]}"
    as_root+=(DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
    "${as_root[@]}" update -qq </dev/null >&2 || say "apt-get update failed; trying anyway"
  fi

  for package in "${missing[@]}"; do
    # Not every archive has the data set.
    if [[ $package == dataset-* ]] && ! apt-cache show "$package" &>/dev/null; then
      explain_dataset
      failed=1
    else
      wanted+=("$package")
    fi
  done
  ((${#wanted[@]} == 0)) && return "$failed"

  if ((${#as_root[@]} == 0)); then
    root=$(command -v sudo >/dev/null && echo "sudo sh" || echo su)
    say "run: $root -c 'apt-get update && apt-get install -y ${wanted[*]}'"
    return 1
  fi
  "${as_root[@]}" install -y -qq "${wanted[@]}" </dev/null >&2 || true
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  if ((${#missing[@]})); then
    say "apt-get could not install: ${missing[*]}"
    return 1
  fi
  return "$failed"
}

failed=0
check_swift || failed=1
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
  packages=(libopenblas-dev libpng-dev libjpeg-dev libwebp-dev zlib1g-dev)
  # pkg-config comes from the package pkg-config or from pkgconf: the command is what counts.
  command -v pkg-config >/dev/null || packages+=(pkg-config)
  command -v git >/dev/null || packages+=(git)
  command -v make >/dev/null || packages+=(make)
  if [[ ${1:-} == demo && ! -d data/fashion-mnist/val ]]; then
    packages+=(dataset-fashion-mnist)
  fi
  if [[ ${1:-} == mpi ]]; then
    packages+=(libopenmpi-dev openmpi-bin libmpich-dev mpich)
  fi
  if [[ ${1:-} == lint ]]; then
    packages+=(codespell shellcheck)
  fi
  if [[ ${1:-} == arm ]]; then
    packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static)
  fi
  check_with_apt "${packages[@]}" || failed=1
else
  check_with_pkg_config || failed=1
  if [[ ${1:-} == demo && ! -d data/fashion-mnist/val ]]; then
    explain_dataset
    failed=1
  fi
fi
exit "$failed"
