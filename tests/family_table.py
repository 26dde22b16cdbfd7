"""The settings of tiny models of many families: see ``tests.families``, which makes them."""

from dataclasses import dataclass
from typing import Any, Literal

WINDOW = 4
CONTEXT = 64
VOCABULARY = 320


@dataclass(frozen=True)
class Family:
    """How a tiny model of a family is made: its class, and the settings of that class's configuration."""

    kind: Literal["decoder", "encoder", "composite"]
    model: str
    settings: dict[str, Any]


_COMMON: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": CONTEXT,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_PLAIN: dict[str, Any] = _COMMON | {"intermediate_size": 48}
_GATED: dict[str, Any] = _PLAIN | {"num_key_value_heads": 2, "head_dim": 8}
_BERT: dict[str, Any] = _PLAIN | {"pad_token_id": 1}  # RoBERTa counts positions from the padding token's id on
_LATENT: dict[str, Any] = _PLAIN | {
    "num_key_value_heads": 4,
    "q_lora_rank": 16,
    "kv_lora_rank": 8,
    "qk_nope_head_dim": 8,
    "qk_rope_head_dim": 4,
    "v_head_dim": 6,
}
_FULL, _SLIDING, _LINEAR = "full_attention", "sliding_attention", "linear_attention"
_SLIDES: dict[str, Any] = {"sliding_window": WINDOW, "layer_types": [_SLIDING, _FULL]}
_EXPERTS: dict[str, Any] = {"num_experts": 3, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
_LOCAL_EXPERTS: dict[str, Any] = {"num_local_experts": 3, "num_experts_per_tok": 2}
_ROUTED_EXPERTS: dict[str, Any] = {
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "n_group": 2,
    "topk_group": 1,
    "num_experts_per_tok": 2,
    "moe_intermediate_size": 16,
}
_MAMBA: dict[str, Any] = {"mamba_n_heads": 4, "mamba_d_head": 16, "mamba_d_state": 8, "mamba_chunk_size": 8}
_DELTA: dict[str, Any] = {
    "layer_types": [_LINEAR, _FULL],
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
}
_SHARED_KEYS: dict[str, Any] = {
    "num_hidden_layers": 4,
    "sliding_window": WINDOW,
    "layer_types": [_SLIDING, _FULL, _SLIDING, _FULL],
    "num_kv_shared_layers": 2,
    "vocab_size_per_layer_input": VOCABULARY,
    "hidden_size_per_layer_input": 8,
}
_YARN: dict[str, Any] = {
    "rope_type": "yarn",
    "rope_theta": 10000.0,
    "factor": 4.0,
    "original_max_position_embeddings": 16,
}
_THREE_AXES: dict[str, Any] = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}


def _decoder(model: str, settings: dict[str, Any] = _GATED, **more: Any) -> Family:
    return Family("decoder", model, settings | more)


def _encoder(model: str, settings: dict[str, Any] = _BERT, **more: Any) -> Family:
    return Family("encoder", model, settings | more)


def _composite(model: str, vision: str, text: str, settings: dict[str, Any] = _GATED, **more: Any) -> Family:
    eyes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    seen = {"model_type": vision, "image_size": 8, "patch_size": 4}
    tokens = {"image_token_id": VOCABULARY - 1, "image_token_index": VOCABULARY - 1}
    return Family(
        "composite",
        model,
        tokens | {"vision_config": eyes | seen | more, "text_config": settings | {"model_type": text}},
    )


FAMILIES: dict[str, Family] = {
    # Through the attention interface: one kind of layer
    "llama": _decoder("LlamaForCausalLM"),
    "mistral": _decoder("MistralForCausalLM", sliding_window=WINDOW),
    "ministral3": _decoder("Ministral3ForCausalLM", sliding_window=WINDOW),
    "mixtral": _decoder("MixtralForCausalLM", sliding_window=WINDOW, **_LOCAL_EXPERTS),
    "qwen2": _decoder("Qwen2ForCausalLM"),
    "qwen3": _decoder("Qwen3ForCausalLM"),
    "qwen3_moe": _decoder("Qwen3MoeForCausalLM", **_EXPERTS),
    "gemma": _decoder("GemmaForCausalLM"),
    "phi": _decoder("PhiForCausalLM", _PLAIN),
    "phi3": _decoder("Phi3ForCausalLM", sliding_window=WINDOW, original_max_position_embeddings=CONTEXT),
    "phimoe": _decoder("PhimoeForCausalLM", sliding_window=WINDOW, **_LOCAL_EXPERTS),
    "gpt2": _decoder("GPT2LMHeadModel", _COMMON),
    "gpt_bigcode": _decoder("GPTBigCodeForCausalLM", _COMMON),
    "gpt_neox": _decoder("GPTNeoXForCausalLM", _PLAIN),
    "opt": _decoder("OPTForCausalLM", _COMMON, ffn_dim=48, word_embed_proj_dim=32),
    "biogpt": _decoder("BioGptForCausalLM", _PLAIN),
    "olmo": _decoder("OlmoForCausalLM"),
    "olmo2": _decoder("Olmo2ForCausalLM"),
    "olmoe": _decoder("OlmoeForCausalLM", **_EXPERTS),
    "flex_olmo": _decoder("FlexOlmoForCausalLM", **_EXPERTS),
    "cohere": _decoder("CohereForCausalLM"),
    "granite": _decoder("GraniteForCausalLM"),
    "granitemoe": _decoder("GraniteMoeForCausalLM", **_LOCAL_EXPERTS),
    "granitemoeshared": _decoder("GraniteMoeSharedForCausalLM", shared_intermediate_size=16, **_LOCAL_EXPERTS),
    "starcoder2": _decoder("Starcoder2ForCausalLM", sliding_window=WINDOW),
    "stablelm": _decoder("StableLmForCausalLM"),
    "persimmon": _decoder("PersimmonForCausalLM", _PLAIN),
    "nemotron": _decoder("NemotronForCausalLM"),
    "glm": _decoder("GlmForCausalLM"),
    "glm4": _decoder("Glm4ForCausalLM"),
    "glm4_moe": _decoder("Glm4MoeForCausalLM", first_k_dense_replace=1, **_ROUTED_EXPERTS),
    "helium": _decoder("HeliumForCausalLM"),
    "smollm3": _decoder("SmolLM3ForCausalLM", no_rope_layers=[1, 0]),
    "ernie4_5": _decoder("Ernie4_5ForCausalLM"),
    "ernie4_5_moe": _decoder("Ernie4_5_MoeForCausalLM", moe_num_experts=4, moe_k=2, moe_intermediate_size=16),
    "arcee": _decoder("ArceeForCausalLM"),
    "apertus": _decoder("ApertusForCausalLM"),
    "hunyuan_v1_dense": _decoder("HunYuanDenseV1ForCausalLM"),
    "hunyuan_v1_moe": _decoder("HunYuanMoEV1ForCausalLM", **_EXPERTS),
    "seed_oss": _decoder("SeedOssForCausalLM"),
    "jais2": _decoder("Jais2ForCausalLM"),
    "hyperclovax": _decoder("HyperCLOVAXForCausalLM"),
    "solar_open": _decoder("SolarOpenForCausalLM", **_ROUTED_EXPERTS),
    "minimax_m2": _decoder("MiniMaxM2ForCausalLM", **_LOCAL_EXPERTS),
    "bitnet": _decoder("BitNetForCausalLM"),
    "nanochat": _decoder("NanoChatForCausalLM"),
    "bert_decoder": _decoder("BertLMHeadModel", _PLAIN, is_decoder=True),
    "roberta_decoder": _decoder("RobertaForCausalLM", _BERT, is_decoder=True),
    "moshi": _decoder("MoshiForCausalLM", ffn_dim=48),
    "deepseek_v2": _decoder("DeepseekV2ForCausalLM", _LATENT, first_k_dense_replace=1, **_ROUTED_EXPERTS),
    "deepseek_v3": _decoder("DeepseekV3ForCausalLM", _LATENT, first_k_dense_replace=1, **_ROUTED_EXPERTS),
    "glm4_moe_lite": _decoder("Glm4MoeLiteForCausalLM", _LATENT, **_ROUTED_EXPERTS),
    "minicpm3": _decoder("MiniCPM3ForCausalLM", _LATENT),
    "youtu": _decoder("YoutuForCausalLM", _LATENT),
    "dbrx": _decoder(
        "DbrxForCausalLM",
        _COMMON,
        d_model=32,
        attn_config={"kv_n_heads": 2, "clip_qkv": 8, "rope_theta": 10000.0},
        ffn_config={"ffn_hidden_size": 16, "moe_num_experts": 3, "moe_top_k": 2},
    ),
    # … sliding and full layers
    "ministral": _decoder("MinistralForCausalLM", **_SLIDES),
    "qwen2_moe": _decoder(
        "Qwen2MoeForCausalLM",
        use_sliding_window=True,
        max_window_layers=1,
        shared_expert_intermediate_size=16,
        **_EXPERTS,
        **_SLIDES,
    ),
    "gemma2": _decoder("Gemma2ForCausalLM", sliding_window=WINDOW),
    "gemma3_text": _decoder("Gemma3ForCausalLM", **_SLIDES),
    "vaultgemma": _decoder("VaultGemmaForCausalLM", **_SLIDES),
    "olmo3": _decoder("Olmo3ForCausalLM", **_SLIDES),
    "cohere2": _decoder("Cohere2ForCausalLM", **_SLIDES),
    "cohere2_moe": _decoder("Cohere2MoeForCausalLM", **_EXPERTS, **_SLIDES),
    "exaone4": _decoder("Exaone4ForCausalLM", **_SLIDES),
    "exaone_moe": _decoder("ExaoneMoeForCausalLM", **_EXPERTS, **_SLIDES),
    "cwm": _decoder("CwmForCausalLM", rope_parameters={"rope_theta": 10000.0, "rope_type": "default"}, **_SLIDES),
    "mellum": _decoder("MellumForCausalLM", **_EXPERTS, **_SLIDES),
    "kolibri1": _decoder(
        "Kolibri1ForCausalLM", shared_expert_intermediate_size=16, moe_intermediate_size=16, **_LOCAL_EXPERTS, **_SLIDES
    ),
    "dots1": _decoder("Dots1ForCausalLM", first_k_dense_replace=1, **_ROUTED_EXPERTS, **_SLIDES),
    "modernbert-decoder": _decoder(
        "ModernBertDecoderForCausalLM",
        _PLAIN,
        local_attention=2 * WINDOW,
        layer_types=[_FULL, _SLIDING],
        cls_token_id=1,
        sep_token_id=2,
    ),
    "llama4_text": _decoder(
        "Llama4ForCausalLM",
        intermediate_size_mlp=48,
        attention_chunk_size=WINDOW,
        no_rope_layers=[1, 0],
        **_LOCAL_EXPERTS,
    ),
    # … sinks, or gates after attention, or more masked than the mask says
    "gpt_oss": _decoder("GptOssForCausalLM", rope_parameters=_YARN, **_LOCAL_EXPERTS, **_SLIDES),
    "flint": _decoder("FlintForCausalLM", **_SLIDES),
    "granite_swa": _decoder("GraniteSWAForCausalLM", **_SLIDES),
    "granitemoe_swa": _decoder("GraniteMoeSWAForCausalLM", shared_intermediate_size=16, **_LOCAL_EXPERTS, **_SLIDES),
    "mimo_v2_flash": _decoder(
        "MiMoV2FlashForCausalLM", v_head_dim=6, mlp_layer_types=["dense", "sparse"], **_ROUTED_EXPERTS, **_SLIDES
    ),
    "afmoe": _decoder("AfmoeForCausalLM", num_dense_layers=1, **_EXPERTS, **_SLIDES),
    "beam": _decoder(
        "BeamForCausalLM", mlp_layer_types=["dense", "sparse"], n_group=1, topk_group=1, **_EXPERTS, **_SLIDES
    ),
    "diffllama": _decoder("DiffLlamaForCausalLM"),
    "doge": _decoder("DogeForCausalLM", keep_window_size=WINDOW),
    "deepseek_v32": _decoder(
        "DeepseekV32ForCausalLM", _LATENT, index_topk=WINDOW, index_head_dim=8, index_n_heads=2, **_ROUTED_EXPERTS
    ),
    # … layers that differ in their heads, share keys and values, or are run more than once
    "laguna": _decoder(
        "LagunaForCausalLM",
        num_attention_heads_per_layer=[4, 6],
        shared_expert_intermediate_size=16,
        **_EXPERTS,
        **_SLIDES,
    ),
    "gemma3n_text": _decoder(
        "Gemma3nForCausalLM",
        intermediate_size=[48] * 4,
        activation_sparsity_pattern=[0.5, 0.0, 0.0, 0.0],
        laurel_rank=4,
        **_SHARED_KEYS,
    ),
    "gemma4_text": _decoder("Gemma4ForCausalLM", global_head_dim=16, **_SHARED_KEYS),
    "longcat_flash": _decoder(
        "LongcatFlashForCausalLM",
        _LATENT,
        head_dim=4,
        ffn_hidden_size=48,
        expert_ffn_hidden_size=16,
        n_routed_experts=4,
        zero_expert_num=2,
        moe_topk=2,
    ),
    "hrm_text": _decoder("HrmTextForCausalLM", num_hidden_layers=1, L_cycles=2, embedding_scale=1.0),
    "jetmoe": _decoder("JetMoeForCausalLM", kv_channels=8, **_LOCAL_EXPERTS),
    # … layers without attention
    "qwen3_next": _decoder("Qwen3NextForCausalLM", shared_expert_intermediate_size=16, **_EXPERTS, **_DELTA),
    "qwen3_5_text": _decoder("Qwen3_5ForCausalLM", **_DELTA),
    "olmo_hybrid": _decoder("OlmoHybridForCausalLM", **_DELTA),
    "kimi_linear": _decoder(
        "KimiLinearForCausalLM",
        _LATENT,
        q_lora_rank=None,
        layer_types=[_LINEAR, _FULL],
        linear_head_dim=8,
        linear_num_heads=4,
        num_experts=4,
        num_experts_per_token=2,
        moe_intermediate_size=16,
    ),
    "minimax": _decoder("MiniMaxForCausalLM", layer_types=[_LINEAR, _FULL], block_size=8, **_LOCAL_EXPERTS),
    "recurrent_gemma": _decoder(
        "RecurrentGemmaForCausalLM",
        num_hidden_layers=3,
        lru_width=32,
        attention_window_size=WINDOW,
        block_types=["recurrent", "recurrent", "attention"],
    ),
    "granitemoehybrid": _decoder(
        "GraniteMoeHybridForCausalLM",
        shared_intermediate_size=16,
        layer_types=[_LINEAR, _FULL],
        **_LOCAL_EXPERTS,
        **_MAMBA,
    ),
    "jamba": _decoder(
        "JambaForCausalLM", attn_layer_period=2, attn_layer_offset=1, num_experts=3, mamba_d_state=8, mamba_dt_rank=4
    ),
    "bamba": _decoder("BambaForCausalLM", attn_layer_indices=[1], **_MAMBA),
    "falcon_h1": _decoder("FalconH1ForCausalLM", mamba_d_ssm=64, **_MAMBA),
    "nemotron_h": _decoder(
        "NemotronHForCausalLM",
        layers_block_type=[_LINEAR, _FULL, "moe", _FULL],
        ssm_state_size=8,
        mamba_num_heads=4,
        mamba_head_dim=16,
        n_groups=1,
        chunk_size=8,
        moe_shared_expert_intermediate_size=16,
        **_ROUTED_EXPERTS,
    ),
    "lfm2": _decoder("Lfm2ForCausalLM", layer_types=["conv", _FULL], block_multiple_of=8),
    "lfm2_moe": _decoder("Lfm2MoeForCausalLM", layer_types=["conv", _FULL], num_dense_layers=1, **_EXPERTS),
    "zamba2": _decoder(
        "Zamba2ForCausalLM",
        _PLAIN,
        num_hidden_layers=4,
        layers_block_type=[_LINEAR, "hybrid", _LINEAR, "hybrid"],
        mamba_d_state=8,
        n_mamba_heads=4,
        chunk_size=8,
        num_key_value_heads=4,
    ),
    "blt": _decoder(
        "BltForCausalLM",
        {"vocab_size": VOCABULARY, "max_position_embeddings": CONTEXT, "pad_token_id": 0, "use_cache": False},
        encoder_hash_byte_group_size=[3],
        encoder_hash_byte_group_vocab=CONTEXT,
        local_attention_window_len=WINDOW,
        patcher_config=_PLAIN | {"sliding_window": WINDOW},
        encoder_config=_PLAIN | {"hidden_size_global": 64},
        decoder_config=_PLAIN | {"hidden_size_global": 64},
        global_config=_PLAIN | {"hidden_size": 64},
    ),
    "mamba": _decoder("MambaForCausalLM", {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2}),
    # Past the attention interface
    "gpt_neo": _decoder("GPTNeoForCausalLM", _PLAIN, attention_types=[[["global", "local"], 1]], window_size=WINDOW),
    "gptj": _decoder("GPTJForCausalLM", _COMMON, rotary_dim=4),
    "codegen": _decoder("CodeGenForCausalLM", _COMMON, rotary_dim=4),
    "bloom": _decoder("BloomForCausalLM", _COMMON),
    "falcon": _decoder("FalconForCausalLM", _COMMON),
    "mpt": _decoder("MptForCausalLM", _COMMON),
    "openai-gpt": _decoder("OpenAIGPTLMHeadModel", _COMMON),
    "xglm": _decoder("XGLMForCausalLM", _COMMON, ffn_dim=48),
    "ctrl": _decoder("CTRLLMHeadModel", _COMMON, dff=48),
    "gpt_neox_japanese": _decoder("GPTNeoXJapaneseForCausalLM", _COMMON),
    "rwkv": _decoder("RwkvForCausalLM", _COMMON),
    # Encoders
    "bert": _encoder("BertModel"),
    "roberta": _encoder("RobertaModel"),
    "roberta-prelayernorm": _encoder("RobertaPreLayerNormForMaskedLM"),
    "xlm-roberta": _encoder("XLMRobertaForMaskedLM"),
    "xlm-roberta-xl": _encoder("XLMRobertaXLForMaskedLM"),
    "camembert": _encoder("CamembertForMaskedLM"),
    "data2vec-text": _encoder("Data2VecTextForMaskedLM"),
    "distilbert": _encoder("DistilBertModel", _COMMON, hidden_dim=48),
    "electra": _encoder("ElectraForMaskedLM", embedding_size=16),
    "albert": _encoder("AlbertForMaskedLM", embedding_size=16),
    "modernbert": _encoder(
        "ModernBertForMaskedLM",
        local_attention=2 * WINDOW,
        layer_types=[_FULL, _SLIDING],
        cls_token_id=0,
        sep_token_id=2,
    ),
    "esm": _encoder("EsmForMaskedLM", mask_token_id=3),
    "mobilebert": _encoder("MobileBertForMaskedLM", embedding_size=16, intra_bottleneck_size=16),
    "layoutlm": _encoder("LayoutLMForMaskedLM", max_2d_position_embeddings=CONTEXT),
    "eurobert": _encoder("EuroBertForMaskedLM", num_key_value_heads=2, head_dim=8, mask_token_id=3),
    "nomic_bert": _encoder("NomicBertForMaskedLM", head_dim=8),
    "gte": _encoder("GteForMaskedLM"),
    "jina_embeddings_v3": _encoder("JinaEmbeddingsV3ForMaskedLM"),
    "deberta": _encoder("DebertaForMaskedLM", relative_attention=True, pos_att_type=["p2c", "c2p"]),
    "deberta-v2": _encoder("DebertaV2ForMaskedLM", relative_attention=True, pos_att_type=["p2c", "c2p"]),
    "mpnet": _encoder("MPNetForMaskedLM"),
    "roformer": _encoder("RoFormerForMaskedLM", embedding_size=16),
    "rembert": _encoder("RemBertForMaskedLM", input_embedding_size=16, output_embedding_size=16),
    "megatron-bert": _encoder("MegatronBertForMaskedLM"),
    "ernie": _encoder("ErnieForMaskedLM"),
    "xlm": _encoder("XLMWithLMHeadModel", _BERT),
    # A text model inside a vision-language model
    "llava": _composite("LlavaForConditionalGeneration", "clip_vision_model", "llama", projection_dim=16),
    "paligemma": _composite("PaliGemmaForConditionalGeneration", "siglip_vision_model", "gemma"),
    "gemma3": _composite("Gemma3ForConditionalGeneration", "siglip_vision_model", "gemma3_text", _GATED | _SLIDES),
    "mistral3": _composite("Mistral3ForConditionalGeneration", "pixtral", "mistral", head_dim=8),
    "idefics3": _composite("Idefics3ForConditionalGeneration", "idefics3_vision", "llama"),
    "smolvlm": _composite("SmolVLMForConditionalGeneration", "smolvlm_vision", "llama"),
    "qwen2_vl": _composite(
        "Qwen2VLForConditionalGeneration",
        "qwen2_vl",
        "qwen2_vl_text",
        _GATED | {"rope_parameters": _THREE_AXES},
        depth=1,
        embed_dim=16,
        hidden_size=32,
        num_heads=2,
    ),
    "qwen2_5_vl": _composite(
        "Qwen2_5_VLForConditionalGeneration",
        "qwen2_5_vl",
        "qwen2_5_vl_text",
        _GATED | {"rope_parameters": _THREE_AXES},
        depth=1,
        out_hidden_size=32,
        num_heads=2,
        fullatt_block_indexes=[0],
    ),
    "mllama": _composite(
        "MllamaForConditionalGeneration",
        "mllama_vision_model",
        "mllama_text_model",
        _GATED | {"num_hidden_layers": 3, "cross_attention_layers": [1]},
        attention_heads=2,
        num_global_layers=1,
        vision_output_dim=32,
        intermediate_layers_indices=[0],
    ),
}
