-- SPDX-License-Identifier: Apache-2.0
return {
  ["AWS::IVS::Channel"] = { type = "aws_ivs_channel", ref = "arn" },
  ["AWS::IVS::PlaybackKeyPair"] = { type = "aws_ivs_playback_key_pair", ref = "arn",
    props = { PublicKeyMaterial = "public_key" } },
  ["AWS::IVS::RecordingConfiguration"] = { type = "aws_ivs_recording_configuration",
    ref = "arn" },
}
