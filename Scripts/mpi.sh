#!/usr/bin/env bash
# Builds `convit` with the trait MPI, with Open MPI and with MPICH in turn, and checks what several
# processes train against one (Scripts/runs/mpi.py). With the name of one, openmpi or mpich, that
# alone; what follows goes to the check, such as --kills 20.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

libraries=(openmpi mpich)
case ${1:-} in
  openmpi | mpich) libraries=("$1") && shift ;;
esac
# Without the trait nothing may have seen an MPI library.
plain=.build/plain/release
if [[ -x $plain/convit ]]; then
  if ldd "$plain/convit" | grep -i mpi || nm "$plain/convit" | grep -E '\bMPI_|cmpi_' ||
    grep -rlE '/mpi\.h|/(openmpi|mpich)/' "$plain" --include='*.d'; then
    echo "mpi: the build without the trait MPI has what is above" >&2
    exit 1
  fi
  echo "a build without the trait: no header, library or symbol of MPI"
else
  echo "no build without the trait was looked at: make test makes one" >&2
fi
declare -A module=([openmpi]=ompi-c [mpich]=mpich)
for library in "${libraries[@]}"; do
  # SwiftPM asks pkg-config for `mpi`, which is the library that the system prefers.
  files=.build/mpi-$library-pkgconfig
  mkdir -p "$files"
  cp "$(pkg-config --variable=pcfiledir "${module[$library]}")/${module[$library]}.pc" "$files/mpi.pc"
  PKG_CONFIG_PATH=$PWD/$files swift build --product convit --traits MPI -c release -Xswiftc -Onone \
    --scratch-path .build/mpi
  python3 Scripts/runs/mpi.py --convit .build/mpi/release/convit --mpirun "mpirun.$library" \
    --weights ".build/mpi-$library.safetensors" "$@"
done
if ((${#libraries[@]} == 2)); then
  cmp .build/mpi-openmpi.safetensors .build/mpi-mpich.safetensors
  echo "the same weights by Open MPI and MPICH"
fi
