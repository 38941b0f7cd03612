# Compiler settings for our own code: warnings are errors, sanitizers on request.
add_library(parley_options INTERFACE)
target_include_directories(parley_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(parley_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  -Wimplicit-fallthrough -Wswitch -fno-omit-frame-pointer)

if(PARLEY_SANITIZE)
  add_compile_options(-fsanitize=${PARLEY_SANITIZE} -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${PARLEY_SANITIZE})
endif()

find_program(PARLEY_CCACHE ccache)
if(PARLEY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PARLEY_CCACHE})
endif()

find_program(PARLEY_MOLD mold)
if(PARLEY_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

find_package(Threads REQUIRED)
