# SPDX-License-Identifier: Apache-2.0
# Names, mail, GraphQL and delivery.
resource "aws_route53_zone" "main" {
  name = "lsqm.example.com"
}

resource "aws_route53_record" "www" {
  zone_id = aws_route53_zone.main.zone_id
  name    = "www.lsqm.example.com"
  type    = "A"
  ttl     = 60
  records = ["192.0.2.4"]
}

resource "aws_service_discovery_http_namespace" "main" {
  name = "lsqm"
}

resource "aws_service_discovery_service" "api" {
  name         = "api"
  namespace_id = aws_service_discovery_http_namespace.main.id
}

resource "aws_ses_email_identity" "sender" {
  email = "sender@example.com"
}

resource "aws_ses_domain_identity" "mail" {
  domain = "mail.example.com"
}

resource "aws_sesv2_email_identity" "news" {
  email_identity = "news@example.com"
}

resource "aws_ses_template" "welcome" {
  name    = "lsqm-welcome"
  subject = "Welcome"
  text    = "Welcome, {{name}}"
}

resource "aws_appsync_graphql_api" "main" {
  name                = "lsqm"
  authentication_type = "API_KEY"
  schema              = "type Query { hello: String }"
}

resource "aws_s3_bucket" "site" {
  bucket = "lsqm-site"
}

resource "aws_cloudfront_distribution" "site" {
  enabled = true
  origin {
    origin_id   = "site"
    domain_name = aws_s3_bucket.site.bucket_regional_domain_name
  }
  default_cache_behavior {
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    target_origin_id       = "site"
    viewer_protocol_policy = "redirect-to-https"
    forwarded_values {
      query_string = false
      cookies {
        forward = "none"
      }
    }
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    cloudfront_default_certificate = true
  }
}
