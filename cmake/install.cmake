# make install: the program, the engine as a library (librecon, static and shared; its API is include/recon), a
# pkg-config file, the man page and the shells' completions.
include(GNUInstallDirs)

add_library(recon_static STATIC $<TARGET_OBJECTS:recon_core>)
set_target_properties(recon_static PROPERTIES OUTPUT_NAME recon LINKER_LANGUAGE C)

# Out of the shared one come the functions that the public headers declare, and nothing else.
set(recon_exports ${PROJECT_BINARY_DIR}/librecon.map)
file(GLOB recon_public_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/recon/*.h)
add_custom_command(
  OUTPUT ${recon_exports}
  COMMAND sh ${PROJECT_SOURCE_DIR}/cmake/exports.sh ${recon_public_headers} > ${recon_exports}
  DEPENDS ${recon_public_headers} ${PROJECT_SOURCE_DIR}/cmake/exports.sh
  VERBATIM)
add_custom_target(recon_exports_map DEPENDS ${recon_exports})
add_library(recon_shared SHARED $<TARGET_OBJECTS:recon_core>)
add_dependencies(recon_shared recon_exports_map)
set_target_properties(recon_shared PROPERTIES OUTPUT_NAME recon LINKER_LANGUAGE C VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${recon_exports})
target_link_options(recon_shared PRIVATE LINKER:--version-script=${recon_exports} LINKER:--no-undefined)
if(RECON_SANITIZE)
  # The sanitizer's runtime is the program's: the library leaves it undefined.
  target_link_options(recon_shared PRIVATE LINKER:-z,undefs -fsanitize=${RECON_SANITIZE})
endif()

# The file finds its prefix from where it lies, so that `cmake --install --prefix` and DESTDIR need no other one.
file(RELATIVE_PATH recon_pc_prefix /x/${CMAKE_INSTALL_LIBDIR}/pkgconfig /x)
configure_file(${PROJECT_SOURCE_DIR}/cmake/recon.pc.in ${PROJECT_BINARY_DIR}/recon.pc @ONLY)

install(TARGETS recon_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS recon_static recon_shared
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/recon DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_BINARY_DIR}/recon.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_BINARY_DIR}/recon.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${PROJECT_SOURCE_DIR}/completions/recon.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME recon)
install(FILES ${PROJECT_SOURCE_DIR}/completions/_recon DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
