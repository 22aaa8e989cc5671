# SPDX-License-Identifier: Apache-2.0
# Finds each system library once and says, in one sentence, which Debian package brings it.
find_package(PkgConfig REQUIRED)

function(lsqm_need name module package)
  pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${module} is missing: install the package ${package} (or run `make setup`)")
  endif()
endfunction()

lsqm_need(UV libuv libuv1-dev)
lsqm_need(LUA lua5.4 liblua5.4-dev)
lsqm_need(LUV lua5.4-luv lua-luv-dev)
lsqm_need(CURL libcurl libcurl4-openssl-dev)
lsqm_need(GIT2 libgit2 libgit2-dev)
lsqm_need(CRYPTO libcrypto libssl-dev)
lsqm_need(FYAML libfyaml libfyaml-dev)
lsqm_need(ARCHIVE libarchive libarchive-dev)
lsqm_need(PCRE2 libpcre2-8 libpcre2-dev)
lsqm_need(NGHTTP2 libnghttp2 libnghttp2-dev)
lsqm_need(EDIT libedit libedit-dev)
