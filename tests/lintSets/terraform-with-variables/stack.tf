resource "helm_release" "monitoring" {
  name             = "monitoring"
  repository       = "https://prometheus-community.github.io/helm-charts"
  chart            = "kube-prometheus-stack"
  namespace        = var.namespace
  create_namespace = true

  values = [
    yamlencode({
      prometheus = {
        prometheusSpec = {
          replicas = var.replicas
          thanos   = { objectStorageConfig = { existingSecret = { name = "thanos", key = "objstore.yml" } } }
        }
      }
    }),
  ]
}

resource "kubernetes_secret" "objstore" {
  metadata {
    name      = "thanos"
    namespace = var.namespace
  }
  data = {
    "objstore.yml" = <<-EOT
      type: S3
      config:
        bucket: ${aws_s3_bucket.blocks.id}
        endpoint: s3.${var.region}.amazonaws.com
    EOT
  }
}

resource "kubectl_manifest" "compact" {
  yaml_body = <<-YAML
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: compact
      namespace: ${var.namespace}
    spec:
      replicas: 1
      selector: {matchLabels: {app: compact}}
      template:
        metadata: {labels: {app: compact}}
        spec:
          containers:
            - name: compact
              image: quay.io/thanos/thanos:${var.thanos_version}
              args:
                - compact
                - --wait
                - --objstore.config-file=/etc/objstore/objstore.yml
                - --retention.resolution-raw=${var.retention_days}d
  YAML
}
