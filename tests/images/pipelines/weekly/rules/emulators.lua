-- SPDX-License-Identifier: Apache-2.0
-- The emulators by their stock names, from the images that tests/images/build.sh makes:
--   build/lsqm --pipelines tests/images/pipelines validate \
--     --emulator ministack:1.5.33,localstack:4.14.0,moto:5.2.5

return {
  ministack = { image = "lsqm-test/ministack" },
  localstack = { image = "lsqm-test/localstack" },
  moto = { image = "lsqm-test/moto" },
}
