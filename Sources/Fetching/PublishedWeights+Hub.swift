extension PublishedWeights {
  /// Weights on the Hugging Face hub, converted or trained by the authors of timm.
  ///
  /// A line has the name, the millions of parameters, the top-1 accuracy ("-" where there is no
  /// classifier of ImageNet's classes) and the licence where it is not Apache-2.0.
  ///
  /// Sources: names and licences from timm 1.0.31 (`timm.get_pretrained_cfg`), parameters from its
  /// models, accuracies from `results/results-imagenet.csv` at commit aa4b5850c154 of
  /// github.com/huggingface/pytorch-image-models, measured at timm's sizes and crops. The hub says
  /// the sha256 of a file where it redirects to it.
  static let hub = rows.split(separator: "\n").map { row in
    let words = row.split(separator: " ").map(String.init)
    guard words.count >= 3, let millions = Double(words[1]) else {
      fatalError("PublishedWeights: cannot read '\(row)'")
    }
    return PublishedWeights(
      name: words[0], server: "https://huggingface.co",
      path: "/timm/\(words[0])/resolve/main/model.safetensors", millions: millions,
      accuracy: words[2] == "-" ? nil : words[2],
      licence: words.count > 3 ? words[3].uppercased() : "Apache-2.0",
      configurationPath: "/timm/\(words[0])/resolve/main/config.json")
  }

  private static let rows = """
    convit_tiny.fb_in1k 5.71 73.140
    convit_small.fb_in1k 27.78 81.412
    convit_base.fb_in1k 86.54 82.296
    deit_tiny_patch16_224.fb_in1k 5.72 72.190
    deit_tiny_distilled_patch16_224.fb_in1k 5.91 74.538
    deit_small_patch16_224.fb_in1k 22.05 79.856
    deit_small_distilled_patch16_224.fb_in1k 22.44 81.204
    deit_base_patch16_224.fb_in1k 86.57 81.980
    deit_base_distilled_patch16_224.fb_in1k 87.34 83.384
    deit_base_patch16_384.fb_in1k 86.86 83.108
    deit_base_distilled_patch16_384.fb_in1k 87.63 85.438
    deit3_small_patch16_224.fb_in1k 22.06 81.382
    deit3_small_patch16_224.fb_in22k_ft_in1k 22.06 83.082
    deit3_small_patch16_384.fb_in1k 22.21 83.432
    deit3_small_patch16_384.fb_in22k_ft_in1k 22.21 84.846
    deit3_medium_patch16_224.fb_in1k 38.85 83.090
    deit3_medium_patch16_224.fb_in22k_ft_in1k 38.85 84.550
    deit3_base_patch16_224.fb_in1k 86.59 83.800
    deit3_base_patch16_224.fb_in22k_ft_in1k 86.59 85.728
    deit3_base_patch16_384.fb_in1k 86.88 85.088
    deit3_base_patch16_384.fb_in22k_ft_in1k 86.88 86.742
    deit3_large_patch16_224.fb_in1k 304.37 84.772
    deit3_large_patch16_224.fb_in22k_ft_in1k 304.37 86.990
    deit3_large_patch16_384.fb_in1k 304.76 85.820
    deit3_large_patch16_384.fb_in22k_ft_in1k 304.76 87.736
    deit3_huge_patch14_224.fb_in1k 632.13 85.204
    deit3_huge_patch14_224.fb_in22k_ft_in1k 632.13 87.180
    vit_tiny_patch16_224.augreg_in21k_ft_in1k 5.72 75.452
    vit_tiny_patch16_384.augreg_in21k_ft_in1k 5.79 78.438
    vit_small_patch32_224.augreg_in21k_ft_in1k 22.88 76.010
    vit_small_patch32_384.augreg_in21k_ft_in1k 22.92 80.476
    vit_small_patch16_224.augreg_in1k 22.05 78.842
    vit_small_patch16_224.augreg_in21k_ft_in1k 22.05 81.402
    vit_small_patch16_224.dino 21.67 -
    vit_small_patch16_384.augreg_in1k 22.20 81.130
    vit_small_patch16_384.augreg_in21k_ft_in1k 22.20 83.814
    vit_small_patch8_224.dino 21.67 -
    vit_base_patch32_224.augreg_in1k 88.22 74.908
    vit_base_patch32_224.augreg_in21k_ft_in1k 88.22 80.732
    vit_base_patch32_224.orig_in21k 87.46 -
    vit_base_patch32_224.sam_in1k 88.22 73.704
    vit_base_patch32_384.augreg_in1k 88.30 78.750
    vit_base_patch32_384.augreg_in21k_ft_in1k 88.30 83.358
    vit_base_patch16_224.augreg2_in21k_ft_in1k 86.57 85.108
    vit_base_patch16_224.augreg_in1k 86.57 79.154
    vit_base_patch16_224.augreg_in21k_ft_in1k 86.57 84.534
    vit_base_patch16_224.dino 85.80 -
    vit_base_patch16_224.mae 85.80 - cc-by-nc-4.0
    vit_base_patch16_224.orig_in21k 85.80 -
    vit_base_patch16_224.orig_in21k_ft_in1k 86.57 81.782
    vit_base_patch16_224.sam_in1k 86.57 80.246
    vit_base_patch16_384.augreg_in1k 86.86 81.102
    vit_base_patch16_384.augreg_in21k_ft_in1k 86.86 86.010
    vit_base_patch16_384.orig_in21k_ft_in1k 86.86 84.212
    vit_base_patch8_224.augreg2_in21k_ft_in1k 86.58 86.252
    vit_base_patch8_224.augreg_in21k_ft_in1k 86.58 85.838
    vit_base_patch8_224.dino 85.81 -
    vit_large_patch32_224.orig_in21k 305.51 -
    vit_large_patch32_384.orig_in21k_ft_in1k 306.63 81.508
    vit_large_patch16_224.augreg_in21k_ft_in1k 304.33 85.856
    vit_large_patch16_224.mae 303.30 - cc-by-nc-4.0
    vit_large_patch16_224.orig_in21k 303.30 -
    vit_large_patch16_384.augreg_in21k_ft_in1k 304.72 87.096
    vit_huge_patch14_224.mae 630.76 - cc-by-nc-4.0
    vit_huge_patch14_224.orig_in21k 630.76 -
    vit_wee_patch16_reg1_gap_256.sbb_in1k 13.42 80.262
    vit_little_patch16_reg1_gap_256.sbb_in12k_ft_in1k 22.52 83.800
    vit_little_patch16_reg4_gap_256.sbb_in1k 22.52 82.520
    vit_medium_patch16_gap_256.sw_in12k_ft_in1k 38.86 84.442
    vit_medium_patch16_reg1_gap_256.sbb_in1k 38.88 83.462
    vit_medium_patch16_reg4_gap_256.sbb_in1k 38.88 83.466
    vit_medium_patch16_reg4_gap_256.sbb_in12k_ft_in1k 38.88 84.956
    vit_mediumd_patch16_reg4_gap_256.sbb2_e200_in12k_ft_in1k 64.11 86.608
    vit_mediumd_patch16_reg4_gap_256.sbb_in12k_ft_in1k 64.11 86.198
    vit_mediumd_patch16_reg4_gap_384.sbb2_e200_in12k_ft_in1k 64.27 87.438
    vit_betwixt_patch16_reg1_gap_256.sbb_in1k 60.40 83.652
    vit_betwixt_patch16_reg4_gap_256.sbb2_e200_in12k_ft_in1k 60.40 85.734
    vit_betwixt_patch16_reg4_gap_256.sbb_in1k 60.40 83.710
    vit_betwixt_patch16_reg4_gap_256.sbb_in12k_ft_in1k 60.40 85.426
    vit_betwixt_patch16_reg4_gap_384.sbb2_e200_in12k_ft_in1k 60.60 86.618
    vit_small_patch14_dinov2.lvd142m 22.06 -
    vit_small_patch14_reg4_dinov2.lvd142m 22.06 -
    vit_base_patch14_dinov2.lvd142m 86.58 -
    vit_base_patch14_reg4_dinov2.lvd142m 86.58 -
    vit_large_patch14_dinov2.lvd142m 304.37 -
    vit_large_patch14_reg4_dinov2.lvd142m 304.37 -
    """
}
