# Shows: Terraform with a role of a Store, written as JSON, for a cluster that a module makes
# Finds: L26 aws_iam_role.store
# Finds: L27 aws_iam_role.store
module "eks" {
  source = "terraform-aws-modules/eks/aws"
}

resource "aws_s3_bucket" "blocks" {
  bucket = "acme-blocks"
}

resource "aws_iam_role" "store" {
  name = "thanos-store"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Federated = module.eks.oidc_provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringLike = {
            "${module.eks.oidc_provider}:sub" = "system:serviceaccount:thanos:*"
            "${module.eks.oidc_provider}:aud" = "sts.amazonaws.com"
          }
        }
      }
    ]
  })
}

resource "aws_iam_role_policy" "store" {
  role = aws_iam_role.store.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:*"], Resource = ["${aws_s3_bucket.blocks.arn}/*", aws_s3_bucket.blocks.arn] }]
  })
}

resource "kubernetes_service_account_v1" "store" {
  metadata {
    name        = "store"
    namespace   = "thanos"
    annotations = { "eks.amazonaws.com/role-arn" = aws_iam_role.store.arn }
  }
}

resource "kubernetes_secret_v1" "objstore" {
  metadata {
    name      = "objstore"
    namespace = "thanos"
  }
  data = {
    "objstore.yml" = yamlencode({
      type   = "S3"
      config = { bucket = aws_s3_bucket.blocks.bucket, endpoint = "s3.eu-west-1.amazonaws.com" }
    })
  }
}

resource "kubernetes_stateful_set_v1" "store" {
  metadata {
    name      = "store"
    namespace = "thanos"
  }
  spec {
    service_name = "store"
    selector { match_labels = { app = "store" } }
    template {
      metadata { labels = { app = "store" } }
      spec {
        service_account_name = "store"
        container {
          name  = "store"
          image = "quay.io/thanos/thanos:v0.42.4"
          args  = ["store", "--data-dir=/data", "--objstore.config-file=/etc/objstore/objstore.yml"]
          volume_mount {
            name       = "objstore"
            mount_path = "/etc/objstore"
          }
        }
        volume {
          name = "objstore"
          secret { secret_name = "objstore" }
        }
      }
    }
  }
}
