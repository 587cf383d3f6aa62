"""The modules that Asterisk loads: only what the hotline uses, so that it starts fast and stays
small, and nothing answers that nobody asked for (no REFER, no MESSAGE, no SUBSCRIBE)."""

from __future__ import annotations

from collections.abc import Iterable

from config.model import Trunk

_LOADED = (
    # foundations
    "res_timing_timerfd", "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb",
    "res_crypto", "res_http_websocket", "res_websocket_client", "pbx_config",
    # SIP and sound
    "res_pjproject", "res_pjsip", "res_pjsip_session", "res_pjsip_pubsub",  # asked for by chan_pjsip
    "res_pjsip_sdp_rtp", "res_pjsip_nat",
    "res_pjsip_caller_id", "res_pjsip_rfc3326", "res_pjsip_dlg_options", "res_pjsip_empty_info",
    "res_pjsip_dtmf_info", "res_pjsip_registrar", "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest", "res_pjsip_outbound_registration",
    "res_pjsip_endpoint_identifier_user", "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_transport_websocket", "res_pjsip_header_funcs", "chan_pjsip",
    "res_rtp_asterisk", "res_srtp",
    "codec_alaw", "codec_ulaw", "codec_a_mu", "codec_g722", "codec_resample",
    "format_pcm", "format_sln", "format_wav",
    # calls
    "bridge_simple", "bridge_softmix", "bridge_holding", "bridge_builtin_features",
    "res_musiconhold", "app_playback", "app_mixmonitor", "app_queue", "app_stasis", "app_stack",
    "app_verbose",
    "func_uuid", "func_strings", "func_channel", "func_callerid", "func_logic", "func_math",
    "func_timeout", "func_global", "func_hangupcause", "func_env",
    # what the controller drives
    "res_stasis", "res_stasis_answer", "res_stasis_playback", "res_stasis_recording",
    "res_stasis_snoop", "res_stasis_device_state",
    "res_ari", "res_ari_model", "res_ari_applications", "res_ari_asterisk", "res_ari_bridges",
    "res_ari_channels", "res_ari_device_states", "res_ari_endpoints", "res_ari_events",
    "res_ari_playbacks", "res_ari_recordings", "res_ari_sounds",
    "chan_websocket", "chan_bridge_media",
)  # fmt: skip

_OF_CODEC = {
    "gsm": ("codec_gsm", "format_gsm"),
    "g726": ("codec_g726",),
    "opus": ("codec_opus_open_source", "res_format_attr_opus"),
}

EMPTY_FILES = ("features.conf", "acl.conf", "ccss.conf", "codecs.conf", "dnsmgr.conf",
               "pjproject.conf", "udptl.conf", "websocket_client.conf", "chan_websocket.conf",
               "queuerules.conf")  # fmt: skip
"""Files whose absence Asterisk complains of, and whose defaults serve us."""


def names(trunks: Iterable[Trunk] = ()) -> list[str]:
    """Every module to load, with those of the codecs that the trunks speak."""
    wanted = dict.fromkeys(_LOADED)
    for trunk in trunks:
        for codec in trunk.codecs:
            wanted.update(dict.fromkeys(_OF_CODEC.get(codec, ())))
    return [f"{name}.so" for name in wanted]


def conf_text(trunks: Iterable[Trunk]) -> str:
    """modules.conf."""
    loads = "".join(f"load = {name}\n" for name in names(trunks))
    return f"[modules]\nautoload = no\n{loads}"
