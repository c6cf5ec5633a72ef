// Imported by its file: loading all of helm/v3 takes 70 ms longer.
import { Release } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import { VERSIONS } from "../../../../../upstream/versions";
import { podRole } from "../../iam/podRole";
import type { RoleArgs } from "../../iam/role";
import type { AddOnCluster } from "../eks/eksAddOn";
import { loadBalancerStatements } from "./policy";

const NAME = "aws-load-balancer-controller";
const PODS = { namespace: "kube-system", serviceAccount: NAME };

export interface LoadBalancerControllerArgs {
    eks: AddOnCluster;
    /** AWS region of the cluster. */
    region: string;
    /** Name, path and permissions boundary of the controller's role. */
    role: RoleArgs;
    /** Tags of every load balancer. */
    tags: Record<string, string>;
}

/** The AWS Load Balancer Controller, by its chart: EKS does not offer it as an add-on. */
export function loadBalancerController(name: string, args: LoadBalancerControllerArgs, opts: pulumi.CustomResourceOptions): Release {
    const { eks, region, tags } = args;
    const cluster = pulumi.output({ eksName: eks.eksName, vpcId: eks.vpcId });
    const rights = cluster.apply((facts) => loadBalancerStatements({ region, ...facts }));
    // The role waits for nothing: its association takes effect while nodes and add-ons are made.
    const early = opts.parent && { parent: opts.parent };
    const { annotations, ready } = podRole(name, { role: args.role, podIdentity: eks.podIdentity, ...PODS, rights }, early ?? {});
    return new Release(
        name,
        {
            name: NAME,
            chart: NAME,
            repositoryOpts: { repo: "https://aws.github.io/eks-charts" },
            version: VERSIONS.awsLoadBalancerController,
            namespace: PODS.namespace,
            values: pulumi
                .all([cluster, annotations])
                .apply(([facts, serviceAccount]) => loadBalancerControllerValues({ region, tags, annotations: serviceAccount, ...facts })),
            maxHistory: 10,
        },
        pulumi.mergeOptions(opts, { dependsOn: ready }),
    );
}

interface ValuesArgs {
    region: string;
    /** Name of the cluster in EKS. */
    eksName: string;
    vpcId: string;
    /** Tags of every load balancer. */
    tags: Record<string, string>;
    /** Annotations of the controller's service account. */
    annotations: Record<string, string>;
}

/** Values of the controller's chart. */
export const loadBalancerControllerValues = ({ region, eksName, vpcId, tags, annotations }: ValuesArgs) => ({
    clusterName: eksName,
    // Without these two the controller asks the instance metadata service, which no pod reaches (hop limit 1).
    region,
    vpcId,
    serviceAccount: { name: PODS.serviceAccount, ...(Object.keys(annotations).length > 0 && { annotations }) },
    defaultTags: tags,
    podDisruptionBudget: { maxUnavailable: 1 },
    // By default the chart makes a new webhook CA with every upgrade: until all pods have it, no Service or Ingress can be created.
    keepTLSSecret: true,
    // Disabled: the webhook is cluster-wide, so no Service could be created while the controller is down. Services of this project name the
    // controller by annotation.
    enableServiceMutatorWebhook: false,
    // Not used, and each would need rights.
    enableShield: false,
    enableWaf: false,
    enableWafv2: false,
});
