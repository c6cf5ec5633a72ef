# Shows: Terraform whose bucket, retention and replicas are variables, so that nobody knows them
# Finds: nothing
resource "aws_s3_bucket" "blocks" {
  bucket_prefix = "thanos-${var.environment}-"
}

resource "aws_s3_bucket_lifecycle_configuration" "blocks" {
  bucket = aws_s3_bucket.blocks.id

  rule {
    id     = "expire"
    status = var.expire ? "Enabled" : "Disabled"
    expiration { days = var.retention_days }
  }

  rule {
    id     = "versions"
    status = "Enabled"
    noncurrent_version_expiration { noncurrent_days = 2 }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [var.oidc_provider_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${replace(var.oidc_provider_url, "https://", "")}:sub"
      values   = ["system:serviceaccount:${var.namespace}:${var.service_account}"]
    }
  }
}

resource "aws_iam_role" "store" {
  name_prefix        = "thanos-store-"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
