#pragma once

// Nothing is declared here: the target is there for the linker's flags, which pkg-config gives if
// libwebp is installed. CImage/webp.c includes the library's headers where they are found, so a
// machine without libwebp builds everything but the reader of WebP.
