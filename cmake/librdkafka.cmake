# librdkafka, as tools/librdkafka.sh built it (RECON_LIBRDKAFKA_DIR: another one, static, 2.12 or newer, of the same
# features). Without it all is built but the service, and `recon run` says that it is not there.
set(RECON_LIBRDKAFKA_DIR "" CACHE PATH "Folder of a static librdkafka; empty: the one in the cache")
set(librdkafka_dir "${RECON_LIBRDKAFKA_DIR}")
if(NOT librdkafka_dir)
  execute_process(COMMAND sh ${PROJECT_SOURCE_DIR}/tools/librdkafka.sh --where
    OUTPUT_VARIABLE librdkafka_dir OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(librdkafka_dir AND EXISTS "${librdkafka_dir}/lib/librdkafka.a")
  find_package(PkgConfig REQUIRED)
  pkg_check_modules(RDKAFKA_NEEDS REQUIRED IMPORTED_TARGET libssl libcrypto libsasl2 libcurl zlib libzstd)
  find_package(Threads REQUIRED)
  add_library(librdkafka STATIC IMPORTED GLOBAL)
  set_target_properties(librdkafka PROPERTIES
    IMPORTED_LOCATION "${librdkafka_dir}/lib/librdkafka.a"
    INTERFACE_INCLUDE_DIRECTORIES "${librdkafka_dir}/include"
    INTERFACE_LINK_LIBRARIES "PkgConfig::RDKAFKA_NEEDS;Threads::Threads;m;dl")
  set_target_properties(PkgConfig::RDKAFKA_NEEDS PROPERTIES IMPORTED_GLOBAL TRUE)
else()
  message(STATUS "recon: no librdkafka, so no `recon run`: sh tools/librdkafka.sh builds it")
endif()
