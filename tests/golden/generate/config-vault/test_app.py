"""Behaviour tests of the deployed architecture."""

import app
import pytest


@pytest.mark.parametrize(
    "address",
    [
        "aws_iam_policy.read_settings",
    ],
    ids=str,
)
def test_iam_policy(address, deployed, iam):
    """The managed policy's default version reads back as configured."""
    for policy in deployed(address):
        found = iam.get_policy(PolicyArn=policy["arn"])["Policy"]
        version = iam.get_policy_version(
            PolicyArn=policy["arn"], VersionId=found["DefaultVersionId"]
        )["PolicyVersion"]
        assert app.document(version["Document"]) == app.document(policy["policy"])


@pytest.mark.parametrize(
    "address",
    [
        "aws_kms_key.settings",
    ],
    ids=str,
)
def test_kms_key(address, deployed, kms):
    """The key does the work that it is made for."""
    for key in deployed(address):
        found = kms.describe_key(KeyId=key["key_id"])["KeyMetadata"]
        assert found["Arn"] == key["arn"]
        assert found["KeyUsage"] == key["key_usage"]
        if not key["is_enabled"]:
            assert found["KeyState"] == "Disabled"
        elif key["key_usage"] == "SIGN_VERIFY":
            assert app.sign_and_verify(kms, key["key_id"])
        elif key["customer_master_key_spec"] == "SYMMETRIC_DEFAULT":
            assert app.protect(kms, key["key_id"], b"lsqm") == b"lsqm"


@pytest.mark.parametrize(
    "address",
    [
        "aws_secretsmanager_secret.database",
    ],
    ids=str,
)
def test_secretsmanager_secret(address, deployed, secretsmanager):
    """The secret takes a value and gives it back."""
    for secret in deployed(address):
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


@pytest.mark.parametrize(
    "address",
    [
        "aws_secretsmanager_secret_version.database",
    ],
    ids=str,
)
def test_secretsmanager_version(address, deployed, secretsmanager):
    """The secret holds the configured value."""
    for version in deployed(address):
        found = secretsmanager.get_secret_value(SecretId=version["secret_id"])
        if version.get("secret_string"):
            assert found["SecretString"] == version["secret_string"]
        assert found["VersionId"] == version["version_id"]


@pytest.mark.parametrize(
    "address",
    [
        "aws_ssm_parameter.api_token",
        "aws_ssm_parameter.log_level",
    ],
    ids=str,
)
def test_ssm_parameter(address, deployed, ssm):
    """The parameter reads back and takes a new version."""
    for parameter in deployed(address):
        name = parameter["name"]
        found = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        assert found["Type"] == parameter["type"]
        assert found["Value"] == (parameter.get("value") or parameter["insecure_value"])
        written = ssm.put_parameter(
            Name=name, Value=found["Value"], Type=found["Type"], Overwrite=True
        )
        assert written["Version"] == found["Version"] + 1
