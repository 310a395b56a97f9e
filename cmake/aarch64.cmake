# For the preset aarch64: librecon_flink.so for linux aarch64, by Debian's cross compiler. RECON_STATIC_DIR, which must be set,
# is what `tools/static.sh aarch64` prints: the libraries and headers of that machine.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES RECON_STATIC_DIR)
set(CMAKE_FIND_ROOT_PATH ${RECON_STATIC_DIR})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${RECON_STATIC_DIR})
set(ENV{PKG_CONFIG_LIBDIR} ${RECON_STATIC_DIR}/usr/lib/aarch64-linux-gnu/pkgconfig:${RECON_STATIC_DIR}/usr/share/pkgconfig)
foreach(language C CXX)
  set(CMAKE_${language}_FLAGS_INIT
    "-isystem ${RECON_STATIC_DIR}/usr/include/aarch64-linux-gnu -isystem ${RECON_STATIC_DIR}/usr/include")
endforeach()
