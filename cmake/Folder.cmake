# One folder under src/ is one static library, linked only to the folders it may include
# (src/README.md has the table; tests/tidy checks the #includes against it).
#
#   parley_folder(audio SOURCES codec.cpp LINKS base EXTERNAL speexdsp)
function(parley_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;EXTERNAL" ${ARGN})
  add_library(parley_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(parley_${name} PUBLIC parley_options)
  foreach(link IN LISTS ARG_LINKS)
    target_link_libraries(parley_${name} PUBLIC parley_${link})
  endforeach()
  target_link_libraries(parley_${name} PRIVATE ${ARG_EXTERNAL})
endfunction()

# One test program per folder, all of its *_test.cpp files together, on doctest.
#
#   parley_test(audio SOURCES codec_test.cpp LINKS audio)
function(parley_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;EXTERNAL" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES} ${PROJECT_SOURCE_DIR}/tests/main.cpp)
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR})
  foreach(link IN LISTS ARG_LINKS)
    target_link_libraries(${name}_test PRIVATE parley_${link})
  endforeach()
  target_link_libraries(${name}_test PRIVATE parley_options ${ARG_EXTERNAL})
  add_test(NAME ${name} COMMAND ${name}_test --no-intro=1 --no-version=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
