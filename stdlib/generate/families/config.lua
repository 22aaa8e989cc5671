-- SPDX-License-Identifier: Apache-2.0
-- SSM parameters, Secrets Manager and KMS: what applications read and protect.

return {
  app = {
    { name = "protect", code = [==[
def protect(kms, key_id, text):
    """Return a text after it went through encrypt and decrypt."""
    sealed = kms.encrypt(KeyId=key_id, Plaintext=text)["CiphertextBlob"]
    assert sealed != text
    return kms.decrypt(CiphertextBlob=sealed)["Plaintext"]
]==] },
    { name = "sign_and_verify", code = [==[
def sign_and_verify(kms, key_id):
    """Return whether a signature of the key verifies."""
    key = kms.get_public_key(KeyId=key_id)
    options = {"KeyId": key_id, "Message": b"lsqm", "MessageType": "RAW"}
    options["SigningAlgorithm"] = key["SigningAlgorithms"][0]
    signature = kms.sign(**options)["Signature"]
    return kms.verify(Signature=signature, **options)["SignatureValid"]
]==] },
  },
  checks = {
    ["ssm.parameter"] = {
      as = "parameter", clients = "ssm",
      doc = "The parameter reads back and takes a new version.",
      body = [==[
name = parameter["name"]
found = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
assert found["Type"] == parameter["type"]
assert found["Value"] == (parameter.get("value") or parameter["insecure_value"])
written = ssm.put_parameter(
    Name=name, Value=found["Value"], Type=found["Type"], Overwrite=True
)
assert written["Version"] == found["Version"] + 1
]==] },
    ["secretsmanager.secret"] = {
      as = "secret", clients = "secretsmanager",
      doc = "The secret takes a value and gives it back.",
      body = [==[
text = app.unique("secret")
written = secretsmanager.put_secret_value(
    SecretId=secret["arn"], SecretString=text, VersionStages=["LSQM"]
)
version = written["VersionId"]
try:
    found = secretsmanager.get_secret_value(
        SecretId=secret["arn"], VersionId=version
    )
    assert found["SecretString"] == text
    assert found["Name"] == secret["name"]
finally:
    secretsmanager.update_secret_version_stage(
        SecretId=secret["arn"], VersionStage="LSQM", RemoveFromVersionId=version
    )
]==] },
    ["secretsmanager.version"] = {
      as = "version", clients = "secretsmanager",
      doc = "The secret holds the configured value.",
      body = [==[
found = secretsmanager.get_secret_value(SecretId=version["secret_id"])
if version.get("secret_string"):
    assert found["SecretString"] == version["secret_string"]
assert found["VersionId"] == version["version_id"]
]==] },
    ["kms.key"] = {
      as = "key", clients = "kms",
      doc = "The key does the work that it is made for.",
      body = [==[
found = kms.describe_key(KeyId=key["key_id"])["KeyMetadata"]
assert found["Arn"] == key["arn"]
assert found["KeyUsage"] == key["key_usage"]
if not key["is_enabled"]:
    assert found["KeyState"] == "Disabled"
elif key["key_usage"] == "SIGN_VERIFY":
    assert app.sign_and_verify(kms, key["key_id"])
elif key["customer_master_key_spec"] == "SYMMETRIC_DEFAULT":
    assert app.protect(kms, key["key_id"], b"lsqm") == b"lsqm"
]==] },
    ["kms.alias"] = {
      as = "alias", clients = "kms",
      doc = "The alias leads to its key.",
      body = [==[
found = kms.describe_key(KeyId=alias["name"])["KeyMetadata"]
assert found["KeyId"] == alias["target_key_id"].rsplit("/", 1)[-1]
]==] },
  },
}
