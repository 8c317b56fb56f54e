# cmake --install: with the prefix /usr (the default) a normal layout of a service; under any other prefix all of it, etc too.
#   sbin/ballium  lib/ballium/plugins/*.so  include/ballium/*.h  lib/cmake/ballium  lib/systemd/system  share/ballium
#   /etc/ballium/ballium.conf, written only where there is none
include(CMakePackageConfigHelpers)

install(TARGETS ballium RUNTIME DESTINATION sbin)
install(DIRECTORY core/include/ballium DESTINATION include FILES_MATCHING PATTERN "*.h")
install(FILES sql/roles.sql DESTINATION share/ballium)

# find_package(ballium) for plugins that live elsewhere.
configure_package_config_file(core/cmake/ballium-config.cmake.in ${CMAKE_BINARY_DIR}/ballium-config.cmake
                              INSTALL_DESTINATION lib/cmake/ballium)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/ballium-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES ${CMAKE_BINARY_DIR}/ballium-config.cmake ${CMAKE_BINARY_DIR}/ballium-config-version.cmake
              core/cmake/ballium-plugin.cmake
        DESTINATION lib/cmake/ballium)

# What runs around the daemon.
file(GLOB units CONFIGURE_DEPENDS docker/systemd/*.service docker/systemd/*.socket docker/systemd/*.timer)
install(FILES ${units} DESTINATION lib/systemd/system)
if(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/nginx)
  install(DIRECTORY nginx DESTINATION share/ballium)
endif()

# The prefix is known when installing: ./run installs one build under its data folder.
install(CODE "set(sample \"${CMAKE_SOURCE_DIR}/core/cmake/ballium.conf\")")
install(CODE [[
  set(etc "${CMAKE_INSTALL_PREFIX}/etc/ballium")
  if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(etc "/etc/ballium")
  endif()
  if(NOT EXISTS "$ENV{DESTDIR}${etc}/ballium.conf")
    file(INSTALL DESTINATION "${etc}" TYPE FILE FILES "${sample}")
  endif()
]])
