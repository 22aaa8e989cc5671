output "url" {
  value = aws_sqs_queue.work.url
}
