-- SPDX-License-Identifier: Apache-2.0
-- ECR and ECS: layers and images, task definitions and services.

return {
  app = {
    { name = "digest_of", code = [==[
def digest_of(data):
    """Return the digest by which a registry knows some bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
]==] },
    { name = "push_blob", code = [==[
def push_blob(ecr, repository, data):
    """Upload some bytes as a layer and return their digest."""
    upload = ecr.initiate_layer_upload(repositoryName=repository)["uploadId"]
    place = {"repositoryName": repository, "uploadId": upload}
    ecr.upload_layer_part(
        **place, partFirstByte=0, partLastByte=len(data) - 1, layerPartBlob=data
    )
    ecr.complete_layer_upload(**place, layerDigests=[digest_of(data)])
    return digest_of(data)
]==] },
    { name = "image_manifest", code = [==[
def image_manifest(ecr, repository):
    """Push what an image needs and return its manifest."""
    config, layer = json.dumps({"id": unique()}).encode(), unique().encode()
    parts = []
    for kind, data in (("config.v1+json", config), ("layer.v1.tar", layer)):
        digest = push_blob(ecr, repository, data)
        media = f"application/vnd.oci.image.{kind}"
        parts.append({"mediaType": media, "size": len(data), "digest": digest})
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": parts[0],
            "layers": parts[1:],
        }
    )
]==] },
  },
  checks = {
    ["ecr.image"] = {
      as = "repository", clients = "ecr",
      doc = "An image that is pushed can be pulled by its tag and deleted.",
      body = [==[
name = repository["name"]
manifest = app.image_manifest(ecr, name)
image = [{"imageTag": app.unique("tag")}]
ecr.put_image(repositoryName=name, imageManifest=manifest, **image[0])
try:
    found = ecr.batch_get_image(repositoryName=name, imageIds=image)["images"]
    assert json.loads(found[0]["imageManifest"]) == json.loads(manifest)
finally:
    ecr.batch_delete_image(repositoryName=name, imageIds=image)
assert not ecr.batch_get_image(repositoryName=name, imageIds=image)["images"]
]==] },
    ["ecs.cluster"] = {
      as = "cluster", clients = "ecs",
      doc = "The cluster is active and takes tags.",
      body = [==[
arn = cluster["arn"]
found = ecs.describe_clusters(clusters=[arn])["clusters"][0]
assert (found["clusterName"], found["status"]) == (cluster["name"], "ACTIVE")
tag = {"key": "lsqm", "value": app.unique()}
ecs.tag_resource(resourceArn=arn, tags=[tag])
try:
    assert tag in ecs.list_tags_for_resource(resourceArn=arn)["tags"]
finally:
    ecs.untag_resource(resourceArn=arn, tagKeys=["lsqm"])
]==] },
    ["ecs.task"] = {
      as = "task", clients = "ecs",
      doc = "The task definition has its containers and its image.",
      body = [==[
answer = ecs.describe_task_definition(taskDefinition=task["arn"])
found = answer["taskDefinition"]
assert found["family"] == task["family"]
assert found["revision"] == task["revision"]
assert found["status"] == "ACTIVE"
wanted = json.loads(task["container_definitions"])
images = {item["name"]: item["image"] for item in found["containerDefinitions"]}
assert images == {item["name"]: item["image"] for item in wanted}
]==] },
    ["ecs.service"] = {
      as = "service", clients = "ecs",
      doc = "The service keeps the wanted count, and takes another one.",
      body = [==[
place = {"cluster": service["cluster"] or "default"}
answer = ecs.describe_services(**place, services=[service["name"]])
found = answer["services"][0]
assert found["status"] == "ACTIVE"
assert found["desiredCount"] == service["desired_count"]
place["service"] = service["name"]
ecs.update_service(**place, desiredCount=service["desired_count"] + 1)
found = ecs.update_service(**place, desiredCount=service["desired_count"])
assert found["service"]["desiredCount"] == service["desired_count"]
]==] },
  },
}
