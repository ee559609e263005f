#!/usr/bin/env bash
# Builds libpng, libjpeg-turbo, libwebp and zlib from the distribution's sources with the fuzzer's
# instrumentation, as static libraries in Fuzz/.build/libraries. Without them the fuzzer sees
# which of our lines an input reaches, but none of theirs, and AddressSanitizer does not look inside.
#
# It takes lists and sources from the distribution's server into Fuzz/.build, and changes nothing
# of the system. On others than Debian and Ubuntu, or offline, it fails, and the system's
# libraries are used.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

target=$PWD/.build/libraries
[[ -f $target/libz.a && -f $target/libpng.a && -f $target/libjpeg.a && -f $target/libwebpdemux.pc ]] && exit
mkdir -p .build/sources/lists/partial .build/sources/cache/partial
cd .build/sources

# shellcheck source=/dev/null
. /etc/os-release
case $ID in
  debian) archive="http://deb.debian.org/debian $VERSION_CODENAME main" ;;
  ubuntu) archive="http://archive.ubuntu.com/ubuntu $VERSION_CODENAME main universe" ;;
  *)
    echo "fuzz: no sources of libpng, libjpeg and libwebp are known for $ID" >&2
    exit 1
    ;;
esac
echo "deb-src [signed-by=/usr/share/keyrings/$ID-archive-keyring.gpg] $archive" >sources.list
apt=(apt-get -qq -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$PWD/sources.list"
  -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$PWD/lists"
  -o Dir::Cache="$PWD/cache")
"${apt[@]}" update
rm -rf -- */libpng* libpng1.6* libjpeg-turbo* libwebp* zlib*
"${apt[@]}" source libpng1.6 libjpeg-turbo libwebp zlib >/dev/null

flags=(-c -w -O1 -g -fno-omit-frame-pointer -fsanitize=address -fsanitize=fuzzer-no-link)

# compile NAME FOLDER [FLAG…] [FILE…]
compile() {
  local name=$1 folder=$2
  shift 2
  mkdir -p "objects/$name"
  (cd "objects/$name" && clang "${flags[@]}" -I"$folder" "$@")
  ar rcs "$name.a" "objects/$name"/*.o
}

zlib=$(echo "$PWD"/zlib-*/)
compile libz "$zlib" -DHAVE_UNISTD_H "$zlib"/{adler32,crc32,deflate,inffast,inflate,inftrees}.c \
  "$zlib"/{trees,zutil,compress,uncompr}.c

png=$(echo "$PWD"/libpng1.6-*/)
cp "$png/scripts/pnglibconf.h.prebuilt" "$png/pnglibconf.h"
compile libpng "$png" -I"$zlib" -DPNG_INTEL_SSE_OPT=0 -DPNG_ARM_NEON_OPT=0 \
  "$png"/png{,error,get,mem,pread,read,rio,rtran,rutil,set,trans,wio,write,wtran,wutil}.c

# Without assembly, which no sanitizer sees into.
jpeg=$(echo "$PWD"/libjpeg-turbo-*/)
cat >"$jpeg/jconfig.h" <<'END'
#define JPEG_LIB_VERSION 62
#define C_ARITH_CODING_SUPPORTED 1
#define D_ARITH_CODING_SUPPORTED 1
#define MEM_SRCDST_SUPPORTED 1
#define BITS_IN_JSAMPLE 8
END
cat >"$jpeg/jconfigint.h" <<'END'
#define BUILD "fuzz"
#define INLINE inline
#define THREAD_LOCAL __thread
#define PACKAGE_NAME "libjpeg-turbo"
#define VERSION "fuzz"
#define SIZEOF_SIZE_T __SIZEOF_SIZE_T__
#define HAVE_BUILTIN_CTZL
#define FALLTHROUGH __attribute__((fallthrough));
END
sed 's/@COPYRIGHT_YEAR@/0/' "$jpeg/jversion.h.in" >"$jpeg/jversion.h"
files=()
for file in "$jpeg"/j*.c; do
  case ${file##*/} in
    jpegtran.c | jccolext.c | jdcol565.c | jdcolext.c | jdmrg565.c | jdmrgext.c | jstdhuff.c | jcstest.c | *-tj.c) ;;
    *) files+=("$file") ;;
  esac
done
compile libjpeg "$jpeg" "${files[@]}"

# With an empty configuration it has no loops of intrinsics.
webp=$(echo "$PWD"/libwebp-*/)
: >"$webp/src/webp/config.h"
compile libwebp "$webp" -DHAVE_CONFIG_H "$webp"/src/{dec,utils}/*.c "$webp"/src/dsp/{alpha_processing,cpu,dec}.c \
  "$webp"/src/dsp/{dec_clip_tables,filters,lossless,rescaler,upsampling,yuv}.c
compile libwebpdemux "$webp" -DHAVE_CONFIG_H "$webp"/src/demux/demux.c

mkdir -p "$target"
mv libz.a libpng.a libjpeg.a libwebp.a libwebpdemux.a "$target"
# For the build, which would else link the system's libwebp, and with its folder all the others.
cat >"$target/libwebpdemux.pc" <<END
Name: libwebpdemux
Description: instrumented
Version: 0
Cflags: -I${webp}src
Libs: -L$target -lwebpdemux -lwebp
END
