"""Countries, capitals and alliances that are not Vietnam, by the words that the press uses for them.

What a text says about a country it also says about "a country": that Congo and Qatar are alike for a topic that needs a link
with Vietnam is not to be learnt country by country. Words that are also something else in Vietnamese ('Anh', 'Đức', 'Ý') are left
out: a country is rarely named only once.
"""

from __future__ import annotations

_NAMES = """
Trung Quốc: trung_quốc tq bắc_kinh thượng_hải hồng_kông hong_kong ma_cao tân_cương tây_tạng china chinese beijing shanghai
Mỹ: mỹ hoa_kỳ washington new_york california texas florida nhà_trắng lầu_năm_góc us u.s usa america american americans pentagon
Nga: nga moscow matxcơva mát-xcơ-va điện_kremlin kremlin russia russian russians
Anh: vương_quốc_anh london britain british uk england
Pháp: pháp paris france french
Đức: berlin munich germany german
Nhật Bản: nhật nhật_bản tokyo osaka senkaku điếu_ngư japan japanese
Hàn Quốc: hàn_quốc seoul korea korean
Triều Tiên: triều_tiên bình_nhưỡng pyongyang
Ấn Độ: ấn_độ new_delhi india indian
Philippines: philippines manila scarborough philippine filipino
Thái Lan: thái_lan bangkok thailand thai
Indonesia: indonesia jakarta indonesian
Malaysia: malaysia kuala_lumpur malaysian
Singapore: singapore singaporean
Myanmar: myanmar rohingya
Campuchia: campuchia phnom_penh cambodia cambodian
Lào: lào vientiane laos lao
Đài Loan: đài_loan đài_bắc taiwan taiwanese
Ukraine: ukraine kiev kyiv crimea donbass ukrainian
Iran: iran tehran iranian
Iraq: iraq baghdad mosul
Syria: syria damascus aleppo
IS: is al-qaeda
Israel: israel gaza palestine palestinian hamas jerusalem hezbollah lebanon li-băng liban
Vùng Vịnh: qatar doha saudi_arabia ả_rập_xê_út uae riyadh vùng_vịnh yemen kuwait oman bahrain houthi
Ai Cập: ai_cập cairo egypt
Thổ Nhĩ Kỳ: thổ_nhĩ_kỳ ankara istanbul turkey turkish
Úc: úc australia australian canberra sydney melbourne
Canada: canada canadian ottawa
Châu Âu: eu châu_âu liên_minh_châu_âu brussels nato europe european
Italy: italy rome roma italian
Vatican: vatican
Tây Ban Nha: tây_ban_nha madrid barcelona spain spanish
Cuba: cuba havana la_habana
Mỹ La tinh: venezuela caracas brazil argentina mexico chile colombia peru bolivia uruguay ecuador costa_rica nicaragua panama
Châu Phi: congo nigeria sudan ethiopia libya kenya nam_phi somalia châu_phi algeria morocco maroc mozambique angola africa
Nam Á: pakistan afghanistan taliban kabul bangladesh sri_lanka nepal bhutan maldives
Trung Á: kazakhstan uzbekistan mông_cổ azerbaijan armenia gruzia
Bắc Âu: thụy_điển na_uy phần_lan đan_mạch greenland iceland sweden norway finland denmark
Trung Âu: hà_lan bỉ thụy_sĩ ba_lan séc hungary serbia belarus hy_lạp bồ_đào_nha romania bulgaria netherlands
Ba Lan: poland
Hy Lạp: greece
New Zealand: new_zealand
Liên Hợp Quốc: lhq liên_hợp_quốc liên_hiệp_quốc un
"""
COUNTRY = {
    word: name for name, words in (line.split(":") for line in _NAMES.strip().split("\n")) for word in words.split()
}
VIETNAM = frozenset(("việt_nam", "vn", "việt", "vietnam", "vietnamese", "viet_nam", "việt_nam's", "vietnam's"))
