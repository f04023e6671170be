(** * A few points say all of a polyhedral cone

    Rows are linear functions on vectors of length n; their cone is where all of them are not negative. The points V of the cone
    are its vertices if each is on n - 1 rows, and each edge that leaves one of them by one of its rows has another end
    ([corners]). Nothing else is asked for, and it is enough: a linear function that is not negative at V is not negative
    on the cone ([nonneg_on_cone]), and each point of the cone is a sum of multiples of V that are not negative ([hull]).

    The proof: let v be the vertex at which f / h is least, for h the sum of all rows. Then v and the other ends of its edges are
    a basis, and a point of the cone is a sum of these in which only v may have a negative factor; f - (f / h)(v) h is 0 at v
    and not negative at the others. *)

From Coq Require Import Ring.
From Proved Require Import Numbers Fields.

Section Polytopes.
Context {F : field}.
Add Ring ring_of_numbers : (is_ring F).

Declare Scope K_scope.
Delimit Scope K_scope with K.
Notation "a + b" := (add F a b) : K_scope.
Notation "a * b" := (mul F a b) : K_scope.
Notation "a - b" := (sub F a b) : K_scope.
Notation "- a" := (opp F a) : K_scope.
Notation "0" := (zero F) : K_scope.
Notation "1" := (one F) : K_scope.
Notation "/ a" := (inverse F a) : K_scope.
Open Scope K_scope.
Notation vector := (list (K F)).
Notation weighted := (list (K F * vector)).
Notation row := (vector -> K F).

Definition at_ (rows : list row) (k : nat) (x : vector) : K F := nth k rows (fun _ => 0) x.
Definition in_cone (rows : list row) (x : vector) : Prop := Forall (fun g => nonneg (g x)) rows.
Definition strictly (rows : list row) (x : vector) : Prop := Forall (fun g => pos (g x)) rows.

(** The vertex v is on n - 1 rows, and leaving any one of them along the others there is another vertex. *)
Definition corner (n : nat) (rows : list row) (V : list vector) (v : vector) (on : list nat) : Prop :=
  S (length on) = n /\ NoDup on
  /\ (forall k, In k on <-> (k < length rows)%nat /\ at_ rows k v = 0)
  /\ (forall k, In k on -> exists w, In w V /\ at_ rows k w <> 0 /\ forall j, In j on -> j <> k -> at_ rows j w = 0)
  /\ Exists (fun g => g v <> 0) rows.

Record polytope (n : nat) (rows : list row) (V : list vector) : Prop := {
  some_vertex : V <> [];
  lengths : Forall (fun v => length v = n) V;
  linear_rows : Forall (linear_on n) rows;
  vertices_inside : Forall (in_cone rows) V;
  all_live : Forall (fun g => Exists (fun v => g v <> 0) V) rows;
  corners : Forall (fun v => exists on, corner n rows V v on) V }.

Lemma at_nonneg rows k x : in_cone rows x -> nonneg (at_ rows k x).
Proof.
  intros h. unfold at_. destruct (nth_in_or_default k rows (fun _ => 0)) as [hi|e]; [|rewrite e; apply nonneg_0].
  unfold in_cone in h. rewrite Forall_forall in h. now apply h.
Qed.
Lemma at_linear n rows k : Forall (linear_on n) rows -> linear_on n (at_ rows k).
Proof.
  intros h. destruct (nth_in_or_default k rows (fun _ => 0)) as [hi|e].
  - rewrite Forall_forall in h. exact (h _ hi).
  - intros a x b y _ _. unfold at_. rewrite e. ring.
Qed.

(** ** A basis at a vertex *)

(** In a sum over vertices, each on all rows of a list but its own one, a row sees its own vertex alone. *)
Lemma diagonal rows (l : list (nat * (K F * vector))) :
  NoDup (map fst l) -> (forall e e', In e l -> In e' l -> fst e <> fst e' -> at_ rows (fst e) (snd (snd e')) = 0) ->
  forall e, In e l -> total (at_ rows (fst e)) (map snd l) = fst (snd e) * at_ rows (fst e) (snd (snd e)).
Proof.
  induction l as [|e0 l IH]; intros hn hz e he; [easy|]. inversion hn as [|? ? hnot hn']; subst. simpl.
  assert (other : forall e', In e' l -> fst e0 <> fst e').
  { intros e' h' eq. apply hnot. rewrite eq. now apply in_map. }
  destruct he as [<-|he].
  - rewrite total_zero; [ring|]. apply Forall_forall. intros p hp. apply in_map_iff in hp. destruct hp as [e' [<- h']].
    rewrite (hz e0 e'); [ring | now left | now right | now apply other].
  - rewrite IH; [|assumption|intros; apply hz; simpl; auto|exact he].
    rewrite (hz e e0); [ring | now right | now left|]. intros eq. now apply (other e he).
Qed.

Lemma chosen (on : list nat) (P : nat -> vector -> Prop) :
  (forall k, In k on -> exists w, P k w) -> exists ws, length ws = length on /\ forall k w, In (k, w) (combine on ws) -> P k w.
Proof.
  induction on as [|k on IH]; intros h; [now exists []|]. destruct (h k (or_introl eq_refl)) as [w hw].
  destruct IH as [ws [hl hs]]; [intros k' hk; apply h; now right|]. exists (w :: ws). split; [simpl; now rewrite hl|].
  intros k' w' [e|hin]; [now injection e as <- <- | now apply hs].
Qed.

Lemma combine_snd (on : list nat) (qs : weighted) k q : In (k, q) (combine on qs) -> In (k, snd q) (combine on (map snd qs)).
Proof.
  revert qs. induction on as [|k0 on IH]; intros [|q0 qs]; simpl; try easy. intros [e|h]; [injection e as <- <-; now left|].
  right. now apply IH.
Qed.

Lemma map_fst_combine {A B} (l : list A) (l' : list B) : length l = length l' -> map fst (combine l l') = l.
Proof. revert l'. induction l as [|a l IH]; intros [|b l'] h; simpl in *; try easy. now rewrite IH by lia. Qed.
Lemma map_snd_combine {A B} (l : list A) (l' : list B) : length l = length l' -> map snd (combine l l') = l'.
Proof. revert l'. induction l as [|a l IH]; intros [|b l'] h; simpl in *; try easy. now rewrite IH by lia. Qed.

(** A function that is 0 at a vertex, and not negative at the others, is not negative on the cone. *)
Lemma nonneg_at_corner n rows V v on f y :
  polytope n rows V -> length v = n -> corner n rows V v on -> linear_on n f -> f v = 0 -> Forall (fun w => nonneg (f w)) V ->
  length y = n -> in_cone rows y -> nonneg (f y).
Proof.
  intros hP hv [hn [hd [hon [hedge hlive]]]] hf hfv hV hy hc. destruct (chosen on _ hedge) as [ws [hw hws]].
  assert (hlin := linear_rows _ _ _ hP). assert (hlen := lengths _ _ _ hP). rewrite Forall_forall in hlen, hV.
  assert (hwV : forall w, In w ws -> In w V).
  { intros w hin. rewrite <- (map_snd_combine on ws) in hin by (now symmetry). apply in_map_iff in hin.
    destruct hin as [[k w'] [<- hin]]. now apply hws in hin. }
  destruct (dependent n (y :: v :: ws)) as [ps [hs [hx ht]]].
  { do 2 (constructor; [assumption|]). apply Forall_forall. auto. }
  { simpl. lia. }
  destruct ps as [|[c y'] [|[a v'] qs]]; try easy. simpl in hs. injection hs as -> -> hq. cbn [total fold_right fst snd] in ht.
  assert (hlq : length on = length qs) by (rewrite <- hw, <- hq, map_length; reflexivity).
  assert (hR : forall e, In e (combine on qs) -> In (fst e) on /\ In (snd (snd e)) V /\ at_ rows (fst e) (snd (snd e)) <> 0
    /\ forall j, In j on -> j <> fst e -> at_ rows j (snd (snd e)) = 0).
  { intros [k q] he. split; [now apply in_combine_l in he|]. apply combine_snd in he. rewrite hq in he. now apply hws in he. }
  assert (hdiag : forall e, In e (combine on qs) ->
    c * at_ rows (fst e) y + fst (snd e) * at_ rows (fst e) (snd (snd e)) = 0).
  { intros e he. rewrite <- (ht (at_ rows (fst e)) (at_linear n rows _ hlin)). fold (total (at_ rows (fst e)) qs).
    rewrite <- (map_snd_combine on qs hlq), (diagonal rows (combine on qs)); [| | |exact he].
    - destruct (hR e he) as [hk _]. apply hon in hk. destruct hk as [_ hk]. rewrite hk. ring.
    - now rewrite map_fst_combine.
    - intros e1 e2 h1 h2 hne. destruct (hR e1 h1) as [hk _]. now apply (hR e2 h2). }
  assert (hin : forall q, In q qs -> exists k, In (k, q) (combine on qs)).
  { intros q hin. rewrite <- (map_snd_combine on qs hlq) in hin. apply in_map_iff in hin. destruct hin as [[k q'] [<- hin]]. now exists k. }
  assert (hc0 : c <> 0).
  { intros ->. assert (hz : forall q, In q qs -> fst q = 0).
    { intros q hin'. destruct (hin q hin') as [k hk]. assert (e := hdiag _ hk). simpl in e. destruct (hR _ hk) as [_ [_ [hne _]]].
      simpl in hne. apply (integral (at_ rows k (snd q))); [rewrite <- e; ring | exact hne]. }
    assert (ha : a = 0).
    { apply Exists_exists in hlive. destruct hlive as [g [hg hgv]]. rewrite Forall_forall in hlin.
      assert (e := ht g (hlin g hg)). fold (total g qs) in e. rewrite total_zero in e.
      - apply (integral (g v)); [rewrite <- e; ring | exact hgv].
      - apply Forall_forall. intros q hq'. rewrite (hz q hq'). ring. }
    subst a. inversion hx as [? ? h1|? ? h1]; subst; [now apply h1|]. inversion h1 as [? ? h2|? ? h2]; subst; [now apply h2|].
    apply Exists_exists in h2. destruct h2 as [q [hq1 hq2]]. apply hq2. now apply hz. }
  assert (hsum : f y = total f (map (fun q => (- / c * fst q, snd q)) qs)).
  { assert (e : c * f y = - total f qs).
    { specialize (ht f hf). fold (total f qs) in ht. rewrite hfv in ht. transitivity (c * f y + (a * 0 + total f qs) - total f qs); [ring|].
      rewrite ht. ring. }
    transitivity (/ c * (c * f y)); [transitivity (/ c * c * f y); [rewrite inverse_mul by exact hc0|]; ring|]. rewrite e. clear.
    induction qs as [|q qs IH]; simpl; [ring|]. rewrite <- IH. unfold total at 1. simpl. fold (total f qs). ring. }
  rewrite hsum. apply total_nonneg. apply Forall_forall. intros p hp. apply in_map_iff in hp. destruct hp as [q [<- hq']].
  simpl. destruct (hin q hq') as [k hk]. destruct (hR _ hk) as [_ [hwv [hne _]]]. simpl in hwv, hne. assert (e := hdiag _ hk). simpl in e.
  apply nonneg_mul; [|now apply hV]. apply nonneg_divide with (at_ rows k (snd q)).
  - replace (at_ rows k (snd q) * (- / c * fst q)) with (at_ rows k y); [now apply at_nonneg|].
    transitivity (/ c * c * at_ rows k y); [rewrite inverse_mul by exact hc0; ring|].
    transitivity (/ c * (c * at_ rows k y + fst q * at_ rows k (snd q)) + (at_ rows k (snd q) * (- / c * fst q))); [ring|].
    rewrite e. ring.
  - split; [|exact hne]. apply at_nonneg. assert (hi := vertices_inside _ _ _ hP). rewrite Forall_forall in hi. now apply hi.
Qed.

(** ** The sum of all rows *)

Definition height (rows : list row) (x : vector) : K F := fold_right (fun g s => g x + s) 0 rows.

Lemma height_linear n rows : Forall (linear_on n) rows -> linear_on n (height rows).
Proof.
  intros h a x b y hx hy. induction h as [|g rows hg _ IH]; simpl; [ring|]. rewrite IH, hg by assumption. ring.
Qed.
Lemma height_nonneg rows x : in_cone rows x -> nonneg (height rows x).
Proof. induction 1; simpl; [apply nonneg_0 | now apply nonneg_add]. Qed.
Lemma height_pos rows x : in_cone rows x -> Exists (fun g => g x <> 0) rows -> pos (height rows x).
Proof.
  intros hc. induction 1 as [g rows hg|g rows _ IH]; inversion hc; subst; simpl.
  - apply pos_add; [split; assumption | now apply height_nonneg].
  - apply pos_add_r; auto.
Qed.
Lemma height_zero rows x : in_cone rows x -> height rows x = 0 -> Forall (fun g => g x = 0) rows.
Proof.
  intros hc h. apply Forall_forall. intros g hg. destruct (decided F (g x)) as [e|e]; [exact e|]. exfalso.
  apply (height_pos rows x hc); [apply Exists_exists; now exists g | exact h].
Qed.

Lemma least_ratio {A} (f h : A -> K F) V :
  V <> [] -> Forall (fun v => pos (h v)) V -> exists v c, In v V /\ f v = c * h v /\ Forall (fun w => nonneg (f w - c * h w)) V.
Proof.
  intros hne. destruct V as [|v0 V]; [easy|]. clear hne. revert v0. induction V as [|v1 V IH]; intros v0 hp; inversion hp as [|? ? h0 hp']; subst.
  - exists v0, (f v0 * / h v0). assert (e : f v0 = f v0 * / h v0 * h v0).
    { transitivity (f v0 * (/ h v0 * h v0)); [rewrite inverse_mul by apply h0|]; ring. }
    split; [now left|]. split; [exact e|]. constructor; [|constructor]. rewrite <- e.
    replace (f v0 - f v0) with (0 : K F) by ring. apply nonneg_0.
  - destruct (IH v1 hp') as [v [c [hv [e hall]]]]. destruct (negative_or (f v0 - c * h v0)) as [hs|hs].
    + exists v, c. split; [now right|]. split; [exact e|]. now constructor.
    + exists v0, (f v0 * / h v0). assert (e0 : f v0 = f v0 * / h v0 * h v0).
      { transitivity (f v0 * (/ h v0 * h v0)); [rewrite inverse_mul by apply h0|]; ring. }
      split; [now left|]. split; [exact e0|]. constructor.
      { rewrite <- e0. replace (f v0 - f v0) with (0 : K F) by ring. apply nonneg_0. }
      rewrite Forall_forall in hall, hp' |- *. intros w hw. set (c0 := f v0 * / h v0) in *.
      replace (f w - c0 * h w) with (f w - c * h w + (c - c0) * h w) by ring. apply nonneg_add; [now apply hall|].
      apply nonneg_mul; [|now apply pos_nonneg, hp']. apply nonneg_divide with (h v0); [|exact h0].
      replace (h v0 * (c - c0)) with (- (c0 * h v0 - c * h v0)) by ring. rewrite <- e0. apply hs.
Qed.

(** ** What holds at the vertices holds on the cone *)

Section One.
Variables (n : nat) (rows : list row) (V : list vector).
Hypothesis hP : polytope n rows V.

Lemma height_on_vertices : Forall (fun v => pos (height rows v)) V.
Proof.
  assert (hi := vertices_inside _ _ _ hP). assert (hc := corners _ _ _ hP). rewrite Forall_forall in *. intros v hv.
  destruct (hc v hv) as [on [_ [_ [_ [_ hx]]]]]. apply height_pos; auto.
Qed.

Lemma above_height f : linear_on n f -> exists v c, In v V /\ f v = c * height rows v
  /\ forall y, length y = n -> in_cone rows y -> nonneg (f y - c * height rows y).
Proof.
  intros hf. destruct (least_ratio f (height rows) V (some_vertex _ _ _ hP) height_on_vertices) as [v [c [hv [e hall]]]].
  exists v, c. split; [exact hv|]. split; [exact e|]. intros y hy hc.
  assert (hcs := corners _ _ _ hP). assert (hl := lengths _ _ _ hP). rewrite Forall_forall in hcs, hl.
  destruct (hcs v hv) as [on hon]. apply (nonneg_at_corner n rows V v on (fun x => f x - c * height rows x)); auto.
  - intros a x b z hx hz. rewrite hf, (height_linear n rows (linear_rows _ _ _ hP)) by assumption. ring.
  - rewrite e. ring.
Qed.

Lemma nonneg_on_cone f y :
  linear_on n f -> Forall (fun v => nonneg (f v)) V -> length y = n -> in_cone rows y -> nonneg (f y).
Proof.
  intros hf hV hy hc. destruct (above_height f hf) as [v [c [hv [e hall]]]]. assert (hh := height_on_vertices).
  rewrite Forall_forall in hV, hh. replace (f y) with ((f y - c * height rows y) + c * height rows y) by ring.
  apply nonneg_add; [now apply hall|]. apply nonneg_mul; [|now apply height_nonneg].
  apply nonneg_divide with (height rows v); [|now apply hh]. replace (height rows v * c) with (f v) by (rewrite e; ring). now apply hV.
Qed.

Lemma zero_on_cone f y :
  linear_on n f -> Forall (fun v => pos (f v)) V -> length y = n -> in_cone rows y -> f y = 0 -> Forall (fun g => g y = 0) rows.
Proof.
  intros hf hV hy hc hz. apply height_zero; [exact hc|]. destruct (above_height f hf) as [v [c [hv [e hall]]]].
  assert (hh := height_on_vertices). rewrite Forall_forall in hV, hh. assert (hcp : pos c).
  { apply pos_divide with (height rows v); [|now apply hh]. replace (height rows v * c) with (f v) by (rewrite e; ring). now apply hV. }
  apply nonneg_opp; [now apply height_nonneg|]. apply nonneg_divide with c; [|exact hcp].
  replace (c * - height rows y) with (f y - c * height rows y) by (rewrite hz; ring). now apply hall.
Qed.

(** A row that is 0 at a point of the cone, where not all are, is 0 at some vertex. *)
Lemma somewhere_on k y :
  length y = n -> in_cone rows y -> Exists (fun g => g y <> 0) rows -> at_ rows k y = 0 -> Exists (fun v => at_ rows k v = 0) V.
Proof.
  intros hy hc hx hz. destruct (exists_or_all _ _ V (fun v => decided F (at_ rows k v))) as [h|h]; [exact h|]. exfalso.
  assert (hi := vertices_inside _ _ _ hP). assert (hp : Forall (fun v => pos (at_ rows k v)) V).
  { rewrite Forall_forall in hi, h |- *. intros v hv. split; [apply at_nonneg; auto | now apply h]. }
  assert (all := zero_on_cone (at_ rows k) y (at_linear n rows k (linear_rows _ _ _ hP)) hp hy hc hz).
  apply Exists_exists in hx. destruct hx as [g [hg hgy]]. rewrite Forall_forall in all. apply hgy. now apply all.
Qed.

(** ** The points of the cone are sums over vertices *)

Definition sum_over (vs : list vector) (y : vector) : Prop :=
  exists ps : weighted, map snd ps = vs /\ Forall (fun p => nonneg (fst p)) ps /\ forall f, linear_on n f -> f y = total f ps.

(** From y one goes away from a vertex v until some row is 0. *)
Lemma first_row v y : In v V -> in_cone rows y ->
  exists c g, nonneg c /\ In g rows /\ g v <> 0 /\ g y = c * g v /\ Forall (fun g => nonneg (g y - c * g v)) rows.
Proof.
  intros hv hc. destruct (divided (fun g : row => g v) rows) as [l0 [l1 [hl [h0 h1]]]].
  assert (hi := vertices_inside _ _ _ hP). assert (hx := height_on_vertices). rewrite Forall_forall in hi, h0, h1, hx. specialize (hi v hv).
  unfold in_cone in hc, hi. rewrite Forall_forall in hc, hi. assert (hp : Forall (fun g : row => pos (g v)) l1).
  { apply Forall_forall. intros g hg. split; [apply hi, hl; now right | now apply h1]. }
  destruct (least_ratio (fun g : row => g y) (fun g : row => g v) l1) as [g [c [hg [e hall]]]]; [|exact hp|].
  { intros ->. apply (hx v hv). clear -hl h0. assert (hz : Forall (fun g : row => g v = 0) rows).
    { apply Forall_forall. intros g hg. apply hl in hg. destruct hg as [hg|[]]. now apply h0. }
    clear hl h0. induction hz as [|g gs e _ IH]; simpl; [reflexivity | rewrite e, IH; ring]. }
  rewrite Forall_forall in hp, hall. exists c, g. split; [|split; [|split; [|split]]].
  - apply nonneg_divide with (g v); [|now apply hp]. replace (g v * c) with (g y) by (rewrite e; ring). apply hc, hl. now right.
  - apply hl. now right.
  - now apply h1.
  - exact e.
  - apply Forall_forall. intros g' hg'. destruct (proj1 (hl g') hg') as [h|h]; [|now apply hall].
    rewrite (h0 g' h). replace (g' y - c * 0) with (g' y) by ring. now apply hc.
Qed.

Lemma sum_of_rest vs : forall y, Forall (fun v => In v V) vs -> length y = n -> in_cone rows y ->
  Forall (fun v => In v vs \/ Exists (fun g => g v <> 0 /\ g y = 0) rows) V -> sum_over vs y.
Proof.
  assert (hlin := linear_rows _ _ _ hP). assert (hlen := lengths _ _ _ hP). assert (hi := vertices_inside _ _ _ hP).
  induction vs as [|v vs IH]; intros y hvs hy hc hrest.
  - exists []. split; [reflexivity|]. split; [constructor|]. destruct (divided (fun g : row => g y) rows) as [l0 [l1 [hl [h0 h1]]]].
    assert (hz : Forall (fun g => g y = 0) rows).
    { apply (zero_on_cone (height l0)); [| |exact hy|exact hc|].
      - apply height_linear. rewrite Forall_forall in hlin |- *. intros g hg. apply hlin, hl. now left.
      - rewrite Forall_forall in hrest, hi |- *. intros v hv. destruct (hrest v hv) as [[]|hx]. specialize (hi v hv).
        unfold in_cone in hi. rewrite Forall_forall in hi, h1. apply height_pos.
        + apply Forall_forall. intros g hg. apply hi, hl. now left.
        + apply Exists_exists in hx. destruct hx as [g [hg [hgv hgy]]]. apply Exists_exists. exists g. split; [|exact hgv].
          destruct (proj1 (hl g) hg) as [h|h]; [exact h|]. now apply h1 in h.
      - clear -h0. induction h0 as [|g gs e _ IH]; simpl; [reflexivity | rewrite e, IH; ring]. }
    assert (hh : height rows y = 0) by (clear -hz; induction hz as [|g gs e _ IH]; simpl; [reflexivity | rewrite e, IH; ring]).
    assert (half : forall f, linear_on n f -> nonneg (f y)).
    { intros f hf. destruct (above_height f hf) as [v [c [_ [_ hall]]]]. specialize (hall y hy hc). rewrite hh in hall.
      now replace (f y - c * 0) with (f y) in hall by ring. }
    intros f hf. simpl. apply nonneg_opp; [now apply half|]. exact (half (fun x => - f x) (linear_neg n f hf)).
  - inversion hvs as [|? ? hv hvs']; subst. destruct (first_row v y hv hc) as [c [g [hc0 [hg [hgv [hgy hall]]]]]].
    rewrite Forall_forall in hlen. assert (hlv := hlen v hv). set (y' := comb 1 y (- c) v).
    assert (hy' : forall f, linear_on n f -> f y' = f y - c * f v) by (intros f hf; unfold y'; rewrite hf by assumption; ring).
    rewrite Forall_forall in hlin, hall, hi. assert (hrow : forall g, In g rows -> g y' = g y - c * g v) by auto.
    unfold in_cone in hc, hi. rewrite Forall_forall in hc. destruct (IH y') as [ps [hs [hn hf]]].
    + exact hvs'.
    + unfold y'. rewrite length_comb; congruence.
    + apply Forall_forall. intros g' hg'. rewrite hrow by exact hg'. now apply hall.
    + rewrite Forall_forall in hrest |- *. intros w hw. destruct (hrest w hw) as [[->|h]|h]; [right|now left|right].
      * apply Exists_exists. exists g. split; [exact hg|]. split; [exact hgv|]. rewrite hrow, hgy by exact hg. ring.
      * apply Exists_exists in h. destruct h as [g' [hg' [h1 h2]]]. apply Exists_exists. exists g'. split; [exact hg'|].
        split; [exact h1|]. apply nonneg_opp; rewrite hrow by exact hg'; [now apply hall|]. rewrite h2.
        replace (- (0 - c * g' v)) with (c * g' v) by ring. apply nonneg_mul; [exact hc0|]. specialize (hi v hv).
        rewrite Forall_forall in hi. now apply hi.
    + exists ((c, v) :: ps). split; [simpl; now rewrite hs|]. split; [now constructor|]. intros f hlf. simpl. fold (total f ps).
      rewrite <- (hf f hlf), (hy' f hlf). ring.
Qed.

Theorem hull y : length y = n -> in_cone rows y -> sum_over V y.
Proof.
  intros hy hc. apply sum_of_rest; [|exact hy|exact hc|]; apply Forall_forall; auto.
Qed.

End One.
End Polytopes.
