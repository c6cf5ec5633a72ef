# Shows: Terraform with a lifecycle, a role, workloads and a release of kube-prometheus-stack that have faults
# Finds: L2 kubernetes_stateful_set_v1.compact
# Finds: L26 aws_iam_role.thanos
# Finds: L27 aws_iam_role.thanos
# Finds: L30 aws_s3_bucket_lifecycle_configuration.blocks
# Finds: L31 helm_release.kps
variable "cluster" { type = string }
locals {
  name = "acme-blocks"
  namespace = "thanos"
}

resource "aws_s3_bucket" "blocks" {
  bucket = local.name
}

resource "aws_s3_bucket_lifecycle_configuration" "blocks" {
  bucket = aws_s3_bucket.blocks.id
  rule {
    id     = "expire"
    status = "Enabled"
    filter {}
    expiration {
      days = 30
    }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.eks.arn]
    }
    condition {
      test     = "StringLike"
      variable = "oidc.eks.eu-west-1.amazonaws.com/id/AAAA:sub"
      values   = ["system:serviceaccount:thanos:*"]
    }
  }
}

resource "aws_iam_role" "thanos" {
  name               = "thanos"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "thanos" {
  role = aws_iam_role.thanos.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:*"]
      Resource = ["${aws_s3_bucket.blocks.arn}/*", aws_s3_bucket.blocks.arn]
    }]
  })
}

resource "kubernetes_secret_v1" "objstore" {
  metadata {
    name      = "objstore"
    namespace = local.namespace
  }
  data = {
    "objstore.yml" = yamlencode({
      type   = "S3"
      config = { bucket = aws_s3_bucket.blocks.bucket, endpoint = "s3.eu-west-1.amazonaws.com" }
    })
  }
}

resource "kubernetes_service_account_v1" "thanos" {
  metadata {
    name        = "thanos"
    namespace   = local.namespace
    annotations = { "eks.amazonaws.com/role-arn" = aws_iam_role.thanos.arn }
  }
}

resource "kubernetes_stateful_set_v1" "compact" {
  metadata {
    name      = "compact"
    namespace = local.namespace
  }
  spec {
    replicas = 2
    template {
      spec {
        service_account_name = "thanos"
        container {
          name  = "compact"
          image = "quay.io/thanos/thanos:v0.42.4"
          args  = ["compact", "--wait", "--objstore.config-file=/o/objstore.yml", "--delete-delay=48h"]
          volume_mount {
            name       = "o"
            mount_path = "/o"
          }
        }
        volume {
          name = "o"
          secret { secret_name = "objstore" }
        }
      }
    }
  }
}

resource "kubernetes_manifest" "store" {
  manifest = {
    apiVersion = "apps/v1"
    kind = "StatefulSet"
    metadata = { name = "store", namespace = local.namespace }
    spec = {
      replicas = var.stores
      template = { spec = {
        serviceAccountName = "thanos"
        containers = [{ name = "store", image = "quay.io/thanos/thanos:v0.42.4", args = ["store", "--objstore.config-file=/o/objstore.yml"], volumeMounts = [{name = "o", mountPath = "/o"}] }]
        volumes = [{ name = "o", secret = { secretName = "objstore" } }]
      } }
    }
  }
}

resource "helm_release" "kps" {
  name      = "kps"
  chart     = "kube-prometheus-stack"
  namespace = "monitoring"
  values = [
    file("${path.module}/values.yaml"),
    yamlencode({ prometheus = { prometheusSpec = { replicas = 1, externalLabels = { cluster = var.cluster } } } }),
  ]
}

